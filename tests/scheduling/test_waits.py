"""What a run waits for is looked for, found once, and gone on from; a late one asks a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from protocols.actions import Wait
from protocols.models import Protocol
from scheduling.continuing import give_up_run, restart_run
from scheduling.models import Run, Step
from scheduling.overlap import look_beside, reason_to_wait
from scheduling.plans.obstacles import pending
from scheduling.under_way import under_way
from scheduling.waits import LONGEST_PAUSE, due_waits, look_for_waits, pause_after
from tests.chains import Chain
from tests.market import Market
from tests.scheduling.ferry import AMOUNT, cross, land, onward, rounds
from wallets.models import Network, Transaction, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("ferry")]


@pytest.fixture
def other(trader: Wallet) -> Wallet:
    """Another wallet of ours."""
    return verify_wallet(wallet=create_keystore_wallet(label="other", scrypt_n=2))


class Crossing:
    """A run between two networks, and the workers of both."""

    def __init__(self, here: Network, market: Market, there: Network, chain: Chain) -> None:
        self.here, self.market, self.there, self.chain = here, market, there, chain

    def rounds(self, count: int = 6) -> None:
        """What the workers do meanwhile."""
        rounds(self.here, self.market, self.there, self.chain, count)


@pytest.fixture
def crossing(registered: Network, market: Market, network: Network, chain: Chain) -> Crossing:
    """Both networks."""
    return Crossing(registered, market, network, chain)


def steps(run: Run) -> list[tuple[str, str]]:
    """Label and state of each."""
    return list(run.steps.order_by("index").values_list("label", "state"))


def made_by(run: Run, index: int) -> Transaction:
    """The transaction of a step."""
    return Transaction.objects.get(step__run=run, step__index=index)


def test_a_run_waits_for_as_long_as_it_takes_and_then_goes_on_elsewhere(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = cross(crossing.here, trader, other)
    crossing.rounds(8)
    run.refresh_from_db()
    assert (run.state, steps(run)[1]) == ("running", ("landing", "waiting"))
    assert run.steps.get(index=1).looks > 2
    land(crossing.chain, trader)
    crossing.rounds(8)
    run.refresh_from_db()
    assert run.state == "succeeded"
    assert steps(run) == [
        ("pay the ferry", "settled"),
        ("landing", "settled"),
        ("onward", "settled"),
    ]
    assert run.steps.get(index=1).found == {"there": str(10**18)}
    assert made_by(run, 2).network == crossing.there
    assert onward(crossing.chain, trader) == 1


def test_what_is_looked_for_is_looked_for_less_and_less_often() -> None:
    wait = Wait("landing", "landed", first_look=10)
    pauses = [pause_after(wait, looks).total_seconds() for looks in (1, 2, 3)]
    assert pauses == [15, 22.5, 33.75]
    assert pause_after(wait, 10_000) == LONGEST_PAUSE


def test_one_worker_looks_at_a_time(crossing: Crossing, trader: Wallet, other: Wallet) -> None:
    cross(crossing.here, trader, other)
    crossing.rounds(4)
    Step.objects.filter(state="waiting").update(look_at=timezone.now())
    assert len(list(look_for_waits())) == 1
    assert not due_waits().exists()


def overdue(crossing: Crossing, trader: Wallet, other: Wallet) -> Run:
    """A run whose wait took too long."""
    run = cross(crossing.here, trader, other)
    crossing.rounds(5)
    Step.objects.filter(state="waiting").update(overdue_at=timezone.now())
    crossing.rounds(2)
    run.refresh_from_db()
    return run


def test_a_wait_that_takes_too_long_needs_an_operator_and_restart_goes_on(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = overdue(crossing, trader, other)
    assert run.state == "needs_operator"
    assert run.detail.startswith("landing is not over after ")
    land(crossing.chain, trader)
    crossing.rounds(3)
    assert steps(run)[1] == ("landing", "waiting")
    restart_run(run_id=run.pk, actor="anna", reason="the ferry is in sight")
    crossing.rounds(8)
    run.refresh_from_db()
    assert (run.state, onward(crossing.chain, trader)) == ("succeeded", 1)


def test_a_wait_that_can_never_be_over_says_why(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = cross(crossing.here, trader, other)
    land(crossing.chain, trader, 1)
    crossing.rounds(6)
    run.refresh_from_db()
    assert (run.state, run.detail) == ("needs_operator", "landing: the ferry sank")


def test_only_who_needs_an_operator_is_restarted_or_given_up(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = cross(crossing.here, trader, other)
    for verb in (restart_run, give_up_run):
        with pytest.raises(NotPossible, match="it does not need an operator"):
            verb(run_id=run.pk, actor="anna", reason="impatience")


def test_a_run_that_is_given_up_waits_for_nothing(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = overdue(crossing, trader, other)
    give_up_run(run_id=run.pk, actor="anna", reason="seen to by hand")
    land(crossing.chain, trader)
    crossing.rounds(3)
    run.refresh_from_db()
    assert (run.state, steps(run)[1][1]) == ("cancelled", "cancelled")
    assert onward(crossing.chain, trader) == 0


def test_a_failure_behind_a_wait_asks_a_person_and_restart_plans_anew(
    crossing: Crossing, trader: Wallet, other: Wallet, ferry: Protocol
) -> None:
    run = cross(crossing.here, trader, other)
    crossing.rounds(5)
    ferry.networks.remove(crossing.there)
    land(crossing.chain, trader)
    crossing.rounds(5)
    run.refresh_from_db()
    assert (run.state, steps(run)[2]) == ("needs_operator", ("onward", "failed"))
    assert "Ferry is not enabled on Devnet L1" in run.detail
    ferry.networks.add(crossing.there)
    restart_run(run_id=run.pk, actor="anna", reason="enabled now")
    crossing.rounds(6)
    run.refresh_from_db()
    assert (run.state, steps(run)[3]) == ("succeeded", ("onward", "settled"))
    assert onward(crossing.chain, trader) == 1


def test_the_tasks_window_is_for_what_comes_before_the_wait(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = cross(crossing.here, trader, other)
    run.task.window_seconds = 600
    run.task.save()
    crossing.rounds(5)
    land(crossing.chain, trader)
    crossing.rounds(6)
    paid, sent_on = made_by(run, 0), made_by(run, 2)
    assert paid.valid_until is not None
    assert paid.valid_until < timezone.now() + timedelta(seconds=601)
    assert (sent_on.valid_until, sent_on.value) == (None, AMOUNT // 2)


def test_what_no_later_call_uses_is_free_while_a_run_waits(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = cross(crossing.here, trader, other)
    crossing.rounds(2)
    Run.objects.filter(pk=run.pk).update(relies_on=["an allowance"])
    before = look_beside(Run(wallet=trader, task=run.task))
    crossing.rounds(3)
    run.refresh_from_db()
    assert run.relies_on == []
    later = Run(wallet=trader, task=run.task)
    assert "uses the same allowance" in reason_to_wait(later, ["an allowance"], before)
    assert reason_to_wait(later, ["an allowance"], look_beside(later)) == ""


def test_what_left_and_is_not_there_yet_is_a_position(
    crossing: Crossing, trader: Wallet, other: Wallet
) -> None:
    run = cross(crossing.here, trader, other)
    crossing.rounds(5)
    (position,) = under_way(trader)
    assert (position.kind, position.token, position.amount) == ("bridging", "", AMOUNT)
    assert position.what == f"0.1 ETH left devnet-l2 in run {run.pk} and is not there yet"
    assert any("0.1 ETH left devnet-l2" in sentence for sentence in pending(trader))
    land(crossing.chain, trader)
    crossing.rounds(8)
    assert under_way(trader) == []
