"""`wallets fund`, `drain`, `retire`, `stop`, `release`: what is refused leaves nothing behind."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from scheduling.models import Plan
from tests import factories
from tests.airdrops_site.desk import Desk, make_people
from tests.factories import an_address
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.plans import coin, new_wallet
from wallets.models import EmergencyStop, Network, Wallet, WalletTag

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(registered: Network, market: Market, keystores: Path, tmp_path: Path) -> Desk:
    """A treasury with 1 ETH and two wallets of a farm with half of one."""
    coin(registered)
    make_people(tmp_path)
    new_wallet("treasury", market, ETHER)
    farm = WalletTag.objects.create(name="farm")
    for label in ("farm-1", "farm-2"):
        new_wallet(label, market, ETHER // 2).tags.add(farm)
    return Desk(tmp_path, registered, market)


def list_safe(label: str = "vault") -> str:
    address = an_address(label)
    entry = {"label": label, "address": address, "is_safe": True, "confirmed": True}
    factories.AddressBookEntryFactory.create(**entry)
    return address


FUND = "wallets fund --from treasury --network devnet-l2"


@pytest.mark.parametrize(
    ("line", "user", "sentence"),
    [
        (f"{FUND} farm-1 --to-balance 9", "ann", "lower the target or fund it first"),
        (f"{FUND} nobody --to-balance 1", "ann", "there is no wallet 'nobody'"),
        (f"{FUND} --to-balance 1", "ann", "say which wallets"),
        (f"{FUND} farm-1 --to-balance -1", "ann", "outside 0"),
        (f"{FUND} farm-1 --to-balance 0.0000000000000000001", "ann", "more than 18 decimals"),
        ("wallets drain farm-1", "", "no safe addresses are listed; say which with --to"),
        ("wallets drain farm-1 --to treasury", "", "is no listed safe address"),
        ("wallets retire farm-1 --to nobody", "", "is no wallet and not confirmed"),
        ("wallets retire farm-1 --to farm-1", "", "would pay itself"),
        ("wallets release farm-1 --reason done", "", "farm-1 is not stopped"),
        ("wallets stop nobody --reason stolen", "", "there is no wallet 'nobody'"),
        ("wallets stop --reason stolen", "", "name one wallet, or say --all"),
        ("wallets stop farm-1 --all --reason stolen", "", "name one wallet, or say --all"),
        ("wallets release --all --reason done", "", "everything is not stopped"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(desk: Desk, line: str, user: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        desk.run(line, user=user)
    assert (refused.value.returncode, Plan.objects.exists()) == (2, False)


def test_who_has_enough_is_not_topped_up(desk: Desk) -> None:
    assert desk.run(f"{FUND} --tag farm --to-balance 0.5", user="ann")["plan"] is None
    assert not Plan.objects.exists()


def test_a_wallet_that_is_only_watched_is_not_topped_up(desk: Desk) -> None:
    Wallet.objects.filter(label="farm-1").update(signer_kind="watch_only", signer_reference="")
    with pytest.raises(CommandError, match=r"line 1: .* is no verified wallet of ours"):
        desk.run(f"{FUND} --tag farm --to-balance 0.6", user="ann")


def test_many_are_drained_by_their_tag_to_the_only_safe_address(desk: Desk) -> None:
    vault = list_safe()
    done = desk.run("wallets drain --tag farm")
    assert (done["to"], done["unknown"], len(done["lines"])) == (vault, [], 2)
    assert Plan.objects.get().urgency == "fast"


def test_a_dry_drain_moves_nothing(desk: Desk) -> None:
    list_safe()
    shown = desk.run("wallets drain farm-1 --dry-run")
    assert [one["from"] for one in shown["lines"]] == ["farm-1"]
    assert not Plan.objects.exists()


def test_an_unknown_network_is_told_with_exit_code_1(desk: Desk) -> None:
    list_safe()
    coin(factories.NetworkFactory.create(slug="dead"))
    done = desk.run("wallets drain farm-1", code=1)
    assert done["unknown"][0].startswith("what is on dead is unknown")
    assert done["plan"] is not None


def test_a_stop_spares_the_drain_unless_told_otherwise(desk: Desk) -> None:
    desk.run("wallets stop farm-1 --reason stolen")
    stop = EmergencyStop.objects.get(scope_value="farm-1")
    assert (stop.engaged, stop.mode, stop.reason) == (True, "all_but_drain", "stolen")
    desk.run("wallets stop farm-1 --reason stolen --mode everything")
    desk.run("wallets release farm-1 --reason found")
    stop.refresh_from_db()
    assert (stop.engaged, stop.mode) == (False, "everything")


def test_everything_can_be_stopped_and_released(desk: Desk) -> None:
    assert desk.run("wallets stop --all --reason stolen")["stopped"] == "everything"
    assert EmergencyStop.objects.get(scope_kind="everything").engaged
    desk.run("wallets release --all --reason found")
    assert not EmergencyStop.objects.filter(engaged=True).exists()
