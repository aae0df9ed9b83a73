"""What could be lost or done twice around a restore, each case once tried and found wrong."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from airdrops_site.backup.bringing_back import restore
from airdrops_site.backup.places import forget_old
from airdrops_site.models import Restore
from airdrops_site.restoring.asking import ask_chain, behind
from scheduling.models import Run, Step
from scheduling.steps import client_id
from tests.airdrops_site.backups import PASSPHRASE, made_at, make_state
from tests.airdrops_site.test_restoring import done_elsewhere, restored, resumed
from tests.chains import ETHER, Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.test_adoption import elsewhere
from tests.wallets.test_spending import make_limit
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, EmergencyStop, Network, NonceLane, Transaction, Wallet
from wallets.restoring.matching import match_mined
from wallets.services import engage_stop
from wallets.transactions.adoption import find_mined

pytestmark = [pytest.mark.django_db, pytest.mark.db]
DATABASE = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def _nothing_stays_aside() -> Iterator[None]:
    yield
    forget_old()


def resembling(
    network: Network, wallet: Wallet, to: Wallet, chain: Chain
) -> tuple[Transaction, str]:
    """A call that waits, and the hash of one much like it that the lost host had mined."""
    row = transfer(wallet, network, to.address)
    Transaction.objects.filter(pk=row.pk).update(data=b"\1\2\3\4old", selector="0x01020304")
    data = "0x01020304" + b"new".hex()
    tx_hash = elsewhere(chain, wallet, 0, to=row.to, data=data, gas="0x7530")
    chain.mine(6)
    return row, tx_hash


@pytest.mark.parametrize("wei", [ETHER, ETHER + 1], ids=["adopted", "foreign"])
def test_what_was_spent_after_the_backup_counts_in_the_days_limit(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain, wei: int
) -> None:
    make_limit("max_day_value", ETHER * 3 // 2)
    transfer(wallet, network, other_wallet.address)
    second = transfer(wallet, network, other_wallet.address, key="t:2", value=ETHER - 1)
    done_elsewhere(chain, wallet, other_wallet.address, wei=wei)
    resumed(restored())
    ticked(second)
    row = ticked(second)
    assert (row.state, row.hold_reason) == ("held", "limit")


def test_a_lane_that_was_opened_by_hand_before_the_resume_is_paused_while_it_is_in_doubt(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    row, _ = resembling(network, wallet, other_wallet, chain)
    restore = ask_chain(restored(), by="ann")
    NonceLane.objects.update(paused=False, pause_reason="")
    resumed(restore)
    lane = NonceLane.objects.get()
    assert lane.paused
    assert f"transaction {row.pk} waits" in lane.pause_reason


def test_a_backup_that_was_made_before_the_resume_opens_the_same_lanes_and_keeps_the_doubts(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    sure = transfer(other_wallet, network, wallet.address, key="t:2")
    row, _ = resembling(network, wallet, other_wallet, chain)
    ask_chain(restored(), by="ann")
    resumed(restored())
    paused = dict(NonceLane.objects.values_list("pk", "paused"))
    assert paused == {sure.lane_id: False, row.lane_id: True}


@pytest.mark.parametrize("again", [False, True], ids=["resumed", "restored_once_more"])
def test_a_question_that_was_killed_before_it_wrote_what_it_took_in_leaves_the_doubts(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain, again: bool
) -> None:
    row, _ = resembling(network, wallet, other_wallet, chain)
    restore = restored()
    findings = restore.findings
    ask_chain(restore, by="ann")
    Restore.objects.update(findings=findings, state=Restore.State.PAUSED)
    resumed(restored() if again else Restore.objects.get())
    assert NonceLane.objects.get(pk=row.lane_id).paused


def test_two_who_ask_at_once_leave_the_doubts(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    row, tx_hash = resembling(network, wallet, other_wallet, chain)
    lane = NonceLane.objects.get(pk=row.lane_id)
    found = find_mined(lane, tx_hash, NetworkClient(network))
    for _ in range(2):
        match = match_mined(lane=lane, found=found, final=1, actor="ann", reason="restored")
        assert match.kind == "foreign"


def test_a_node_that_stands_still_is_not_asked_what_was_done_since() -> None:
    network, now = Network(name="Live", kind="mainnet", block_seconds=12), timezone.now()
    assert not behind(network, now - timedelta(minutes=9), now)
    assert "newest block of Live is of" in behind(network, now - timedelta(minutes=11), now)
    network.kind = "devnet"
    assert not behind(network, now - timedelta(days=1), now)


def test_orders_of_runs_with_the_same_number_in_two_histories_are_two_to_a_venue() -> None:
    made = timezone.now()
    before = Step(run=Run(pk=7, created_at=made), index=1)
    after = Step(run=Run(pk=7, created_at=made + timedelta(seconds=1)), index=1)
    again = Step(run=Run(pk=7, created_at=made), index=1)
    assert client_id(before) == client_id(again) != client_id(after)


@DATABASE
@pytest.mark.usefixtures("_nothing_stays_aside")
def test_a_stop_of_the_state_that_is_replaced_stands_in_the_restored_one(tmp_path: Path) -> None:
    make_state()
    made = made_at(tmp_path)
    engage_stop(reason="keys may be stolen", actor="ann")
    engage_stop(reason="hacked", actor="ann", scope_kind="protocol", scope_value="evm")
    restore(Path(made.location), PASSPHRASE, by="test", say=lambda _what: None)
    stops = EmergencyStop.objects.filter(engaged=True).order_by("scope_kind")
    assert [(one.scope_value, one.reason) for one in stops] == [
        ("", "keys may be stolen"),
        ("evm", "hacked"),
    ]


@DATABASE
@pytest.mark.usefixtures("_nothing_stays_aside")
def test_what_was_signed_stays_as_it_was_written_after_a_restore(tmp_path: Path) -> None:
    row = make_state()
    offer = {"gas_limit": 1, "max_fee_per_gas": 1, "max_priority_fee_per_gas": 1}
    Attempt.objects.create(
        transaction=row, lane=row.lane, nonce=7, raw=b"signed", hash="0x" + "1" * 64, **offer
    )
    restore(Path(made_at(tmp_path).location), PASSPHRASE, by="test", say=lambda _what: None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Attempt.objects.update(raw=b"other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Attempt.objects.all().delete()
