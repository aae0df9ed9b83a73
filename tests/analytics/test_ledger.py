"""The books say of a transaction what the chain says of it, whatever has happened before."""

import pytest

from analytics.ledger import BookingError, book_transaction
from analytics.models import LedgerEntry
from analytics.selectors import balance_change
from tests.analytics.told import (
    FEE,
    STRANGER,
    USDC,
    Ground,
    confirm,
    finalise,
    include,
    into,
    out,
    reorganise,
    settle,
    sign,
)
from wallets.models import Token, Transaction

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def book(row: Transaction) -> int:
    return book_transaction(transaction_id=row.pk)


def entries(row: Transaction) -> list[tuple[str, int, str]]:
    """Kind, amount and status of all the entries, in the order of the receipt."""
    rows = LedgerEntry.objects.filter(transaction=row).order_by("receipt_id", "ordinal")
    return list(rows.values_list("kind", "amount", "status"))


def test_nothing_is_booked_before_it_is_confirmed(ground: Ground) -> None:
    row = ground.transaction(value=5)
    include(row)
    assert (book(row), entries(row)) == (0, [])


def test_a_settled_swap_books_fee_outflow_and_inflow(ground: Ground) -> None:
    row = ground.transaction(value=5)
    step = ground.step(row)
    confirm(row)
    settle(step, out(5), into(7, USDC))
    book(row)
    assert entries(row) == [
        ("fee", FEE, "provisional"),
        ("out", 5, "provisional"),
        ("in", 7, "provisional"),
    ]
    assert balance_change(wallet=ground.wallet, token=ground.native) == -5 - FEE
    assert balance_change(wallet=ground.wallet, token=ground.usdc) == 7


def test_an_entry_says_when_with_whom_and_for_which_step(ground: Ground) -> None:
    row = ground.transaction(value=5)
    step = ground.step(row)
    receipt = confirm(row)
    settle(step, out(5))
    book(row)
    entry = LedgerEntry.objects.get(kind="out")
    assert (entry.counterparty, entry.step, entry.receipt) == (STRANGER, step, receipt)
    assert entry.occurred_at == receipt.block_at


def test_the_fee_is_booked_also_when_it_reverted(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row, outcome="reverted")
    book(row)
    assert entries(row) == [("fee", FEE, "provisional")]


def test_a_cancel_costs_its_fee_and_moves_nothing(ground: Ground) -> None:
    row = ground.transaction(value=5)
    sign(row, "cancel")
    confirm(row, outcome="replaced")
    book(row)
    assert entries(row) == [("fee", FEE, "provisional")]


def test_a_filler_costs_its_fee_and_moves_nothing(ground: Ground) -> None:
    row = ground.transaction(to=ground.wallet.address, value=0)
    confirm(row)
    book(row)
    assert entries(row) == [("fee", FEE, "provisional")]


def test_value_sent_to_itself_is_nothing(ground: Ground) -> None:
    row = ground.transaction(to=ground.wallet.address, value=5)
    confirm(row)
    book(row)
    assert entries(row) == [("fee", FEE, "provisional")]


def test_value_without_a_step_is_booked_out(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    book(row)
    assert entries(row)[1:] == [("out", 5, "provisional")]


def test_a_step_that_is_not_settled_yet_books_only_the_fee(ground: Ground) -> None:
    row = ground.transaction(value=5)
    step = ground.step(row)
    confirm(row)
    book(row)
    assert entries(row) == [("fee", FEE, "provisional")]
    settle(step, out(5))
    assert book(row) == 1


def test_booking_twice_changes_nothing(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    assert (book(row), book(row)) == (2, 0)


def test_provisional_becomes_final(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    book(row)
    finalise(row)
    book(row)
    assert entries(row) == [("fee", FEE, "final"), ("out", 5, "final")]


def test_a_reorganisation_reverses_and_keeps_the_entries(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    book(row)
    reorganise(row)
    book(row)
    assert entries(row) == [("fee", FEE, "reversed"), ("out", 5, "reversed")]
    assert balance_change(wallet=ground.wallet, token=ground.native) == 0


def test_inclusion_in_another_block_books_anew(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row, block=1)
    book(row)
    reorganise(row)
    confirm(row, block=2)
    book(row)
    assert [status for _, _, status in entries(row)] == ["reversed"] * 2 + ["provisional"] * 2
    assert balance_change(wallet=ground.wallet, token=ground.native) == -5 - FEE


def test_inclusion_in_an_earlier_block_again_makes_its_entries_count_again(
    ground: Ground,
) -> None:
    row = ground.transaction(value=5)
    for block in (1, 2, 1):
        confirm(row, block)
        book(row)
        reorganise(row)
    confirm(row, block=1)
    book(row)
    assert [status for _, _, status in entries(row)] == ["provisional"] * 2 + ["reversed"] * 2


def test_a_settlement_read_from_another_receipt_is_not_booked(ground: Ground) -> None:
    row = ground.transaction(value=5)
    step = ground.step(row)
    confirm(row, block=1)
    settle(step, out(5), into(7, USDC))
    reorganise(row)
    confirm(row, block=2)
    book(row)
    assert entries(row) == [("fee", FEE, "provisional")]
    settle(step, out(5), into(6, USDC))
    book(row)
    assert balance_change(wallet=ground.wallet, token=ground.usdc) == 6


def test_a_settlement_that_was_corrected_corrects_the_books(ground: Ground) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    settle(step, into(7, USDC), into(8, USDC))
    book(row)
    settle(step, into(9, USDC))
    book(row)
    assert entries(row)[1:] == [("in", 9, "provisional"), ("in", 8, "reversed")]


@pytest.mark.parametrize("token", ["", USDC])
def test_a_transfer_between_own_wallets_books_both_sides(ground: Ground, token: str) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    settle(step, out(5, token, to=ground.other.address))
    book(row)
    kept = Token.objects.get(network=ground.network, address=token)
    assert balance_change(wallet=ground.other, token=kept) == 5
    assert LedgerEntry.objects.get(kind="in").counterparty == ground.wallet.address


def test_what_is_drawn_from_an_own_wallet_leaves_it_once(ground: Ground) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    settle(step, into(5, USDC, source=ground.other.address))
    book(row)
    assert entries(row)[1:] == [("in", 5, "provisional"), ("out", 5, "provisional")]
    assert balance_change(wallet=ground.other, token=ground.usdc) == -5


def test_a_token_that_is_not_registered_is_named_and_leaves_the_books_alone(
    ground: Ground,
) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    settle(step, into(5, STRANGER))
    with pytest.raises(BookingError, match=f"moved {STRANGER}.*add it under Tokens"):
        book(row)
    assert entries(row) == []
