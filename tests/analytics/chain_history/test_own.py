"""Our own transactions are in history as their blocks have them, and leave it with their block."""

import pytest

from analytics.booking import record_own
from analytics.chain_history.own import record_transactions
from analytics.models import ChainTransaction, ChainTransfer, Claim
from tests.analytics.chain_history.lives import rows
from tests.analytics.told import STRANGER, Ground, confirm, finalise, into, out, reorganise, settle
from tests.factories import ClaimFactory

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_confirmed_transaction_is_in_history_with_what_it_moved(ground: Ground) -> None:
    row = ground.transaction(value=7, selector="0x12345678")
    step = ground.step(row)
    confirm(row)
    settle(step, out(7), into(3))
    record_own()
    sent = ChainTransaction.objects.get()
    assert (sent.action, sent.value, sent.fee, sent.app) == ("swap", 7, 21_000, False)
    assert (sent.source, sent.to_contract, sent.volume_cents) == ("own", None, None)
    moved = ChainTransfer.objects.order_by("-place").values_list("place", "direction", "amount")
    assert list(moved) == [(-1, "out", 7), (-2, "in", 3)]


def test_reading_on_and_again_changes_nothing(ground: Ground) -> None:
    row = ground.transaction(value=7, to=ground.other.address)
    confirm(row)
    record_own()
    before = rows()
    assert len(before[1]) == 2, "both sides are wallets of ours"
    finalise(row)
    record_own()
    assert record_transactions([row.pk]) == 0
    assert rows() == before


def test_what_a_reorganisation_undid_is_in_history_no_more(ground: Ground) -> None:
    row = ground.transaction(value=7)
    confirm(row, block=1)
    record_own()
    reorganise(row)
    record_own()
    assert rows() == ([], [])
    confirm(row, block=2)
    record_own()
    assert ChainTransaction.objects.get().block_number == 2


def test_what_an_undone_transfer_claimed_is_there_to_be_claimed_again(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    record_own()
    claim = ClaimFactory.create(wallet=ground.wallet, network=ground.network)
    transfer = ChainTransfer.objects.get()
    Claim.objects.update(status="claimed", transfer=transfer, claimed_hash=transfer.hash)
    reorganise(row)
    record_own()
    claim.refresh_from_db()
    assert (claim.status, claim.transfer, claim.claimed_hash) == ("claimable", None, "")
    assert not ChainTransfer.objects.exists()


def test_what_failed_moved_nothing_and_cost_its_fee(ground: Ground) -> None:
    row = ground.transaction(value=7, to=STRANGER)
    confirm(row, outcome="reverted")
    record_own()
    sent = ChainTransaction.objects.get()
    assert (sent.succeeded, sent.fee) == (False, 21_000)
    assert not ChainTransfer.objects.exists()


def test_a_batch_costs_no_more_questions_than_one(
    ground: Ground, django_assert_max_num_queries: object
) -> None:
    many = [ground.transaction(value=7) for _ in range(20)]
    for row in many:
        confirm(row)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        record_transactions([row.pk for row in many])
    assert ChainTransaction.objects.count() == 20
