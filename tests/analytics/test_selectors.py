"""Sums over the books are exact and cost few queries."""

import pytest
from pytest_django import DjangoAssertNumQueries

from analytics.ledger import book_transaction
from analytics.selectors import TokenTotals, balance_change, totals_by_token
from tests.analytics.told import FEE, USDC, Ground, confirm, into, out, reorganise, settle
from wallets.models import Transaction

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HUGE = 10**30


@pytest.fixture
def swaps(ground: Ground) -> list[Transaction]:
    """Two swaps of amounts that no float holds, booked."""
    rows = [ground.transaction(), ground.transaction()]
    for row in rows:
        step = ground.step(row)
        confirm(row)
        settle(step, out(HUGE + 1), into(HUGE + 3, USDC))
        book_transaction(transaction_id=row.pk)
    return rows


def test_a_balance_change_is_exact(ground: Ground, swaps: list[Transaction]) -> None:
    change = balance_change(wallet=ground.wallet, token=ground.native)
    assert change == -2 * HUGE - 2 - 2 * FEE
    assert balance_change(wallet=ground.wallet, token=ground.usdc) == 2 * HUGE + 6


def test_totals_are_exact_and_in_the_order_of_symbols(
    ground: Ground, swaps: list[Transaction]
) -> None:
    native, usdc = totals_by_token()
    assert native == TokenTotals(ground.native, inflow=0, outflow=2 * HUGE + 2, fee=2 * FEE)
    assert usdc == TokenTotals(ground.usdc, inflow=2 * HUGE + 6, outflow=0, fee=0)
    assert (native.net, usdc.net) == (-2 * HUGE - 2 - 2 * FEE, 2 * HUGE + 6)


def test_what_is_reversed_counts_for_nothing(ground: Ground, swaps: list[Transaction]) -> None:
    for row in swaps:
        reorganise(row)
        book_transaction(transaction_id=row.pk)
    assert balance_change(wallet=ground.wallet, token=ground.usdc) == 0
    assert totals_by_token() == []


def test_transfers_between_own_wallets_add_nothing(ground: Ground) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    settle(step, out(5, USDC, to=ground.other.address))
    book_transaction(transaction_id=row.pk)
    usdc = totals_by_token()[1]
    assert (usdc.inflow, usdc.outflow, usdc.net) == (5, 5, 0)


def test_the_number_of_queries_does_not_grow(
    ground: Ground, swaps: list[Transaction], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        balance_change(wallet=ground.wallet, token=ground.native)
    with django_assert_num_queries(2):
        assert {totals.token.network.slug for totals in totals_by_token()}
