"""Who stops or pauses waits for signatures under way; none follows the commit."""

from collections.abc import Callable
from threading import Event

import pytest
from django.db import transaction

from tests.chains import Chain
from tests.threads import workers
from tests.wallets.intents import ticked, transfer
from wallets.models import Attempt, EmergencyStop, Installation, Network, Transaction, Wallet
from wallets.services import engage_stop, lift_stop, pause_installation, resume_installation
from wallets.transactions.operator import cancel_transaction
from wallets.transactions.stop import stop_reason

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def row(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH that waits for its signature."""
    return transfer(wallet, network, other_wallet.address)


def pause() -> Installation:
    """What an operator asks."""
    return pause_installation(reason="moving house", actor="ann")


def test_nothing_is_signed_while_the_installation_is_paused(row: Transaction) -> None:
    pause()
    assert (ticked(row).state, row.hold_reason) == ("held", "stop")
    assert row.detail == "the installation is paused: moving house"
    resume_installation(reason="moved", actor="ann")
    assert ticked(row).state == "broadcast"


def test_a_stop_has_the_mode_that_was_asked_for(row: Transaction, chain: Chain) -> None:
    ticked(row)
    engage_stop(reason="drill", actor="ann", mode="all_but_cancels")
    cancel_transaction(transaction_id=row.pk, actor="ann", reason="not wanted")
    assert [one.kind for one in ticked(row).attempts.all()] == ["original", "cancel"]


def test_a_stop_engaged_without_a_mode_is_the_strictest() -> None:
    engage_stop(reason="drill", actor="ann", mode="all_but_cancels")
    lift_stop(reason="over", actor="ann")
    assert engage_stop(reason="again", actor="ann").mode == EmergencyStop.Mode.EVERYTHING


def test_whoever_has_much_to_say_stops_all_the_same() -> None:
    stop = engage_stop(reason="x" * 1000, actor="y" * 200)
    assert (len(stop.reason), len(stop.actor)) == (300, 100)


def test_a_mode_that_does_not_exist_engages_nothing() -> None:
    with pytest.raises(ValueError, match="all_but_mine"):
        engage_stop(reason="drill", actor="ann", mode="all_but_mine")
    assert not EmergencyStop.objects.filter(engaged=True).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("halt", [pause, lambda: engage_stop(reason="drill", actor="ann")])
def test_whoever_halts_waits_for_the_signature_under_way(
    row: Transaction, halt: Callable[[], object]
) -> None:
    looked, go_on = Event(), Event()

    def sign() -> str:
        with transaction.atomic():
            found = stop_reason(row)
            looked.set()
            assert go_on.wait(10)
            return found

    with workers(2) as submit:
        signing = submit(sign)
        assert looked.wait(10)
        halting = submit(halt)
        with pytest.raises(TimeoutError):
            halting.result(timeout=0.5)
        go_on.set()
        assert signing.result(timeout=10) == ""
        halting.result(timeout=10)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_signature_waits_for_the_pause_and_sees_it(row: Transaction) -> None:
    paused, go_on = Event(), Event()

    def halt() -> None:
        with transaction.atomic():
            pause()
            paused.set()
            assert go_on.wait(10)

    with workers(2) as submit:
        halting = submit(halt)
        assert paused.wait(10)
        signing = submit(ticked, row)
        with pytest.raises(TimeoutError):
            signing.result(timeout=0.5)
        go_on.set()
        halting.result(timeout=10)
        assert signing.result(timeout=30).hold_reason == "stop"
    assert not Attempt.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_signature_that_comes_later_waits_behind_who_halts(row: Transaction) -> None:
    looked, go_on = Event(), Event()

    def sign_slowly() -> None:
        with transaction.atomic():
            stop_reason(row)
            looked.set()
            assert go_on.wait(10)

    def sign_later() -> str:
        with transaction.atomic():
            return stop_reason(row)

    with workers(3) as submit:
        first = submit(sign_slowly)
        assert looked.wait(10)
        halt = submit(pause)
        with pytest.raises(TimeoutError):
            halt.result(timeout=0.5)
        later = submit(sign_later)
        with pytest.raises(TimeoutError):
            later.result(timeout=0.5)
        go_on.set()
        first.result(timeout=10)
        assert halt.result(timeout=10).paused
        assert later.result(timeout=10) == "the installation is paused: moving house"
