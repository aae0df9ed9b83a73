"""Runs of one wallet that rely on the same allowance follow one another."""

import pytest

from scheduling.models import Run
from scheduling.runs import start_run
from scheduling.states import RunState
from tests.market import Market
from tests.scheduling.trading import swap, until_ended
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_swaps_that_need_the_same_allowance_all_succeed(
    registered: Network, market: Market, trader: Wallet
) -> None:
    for _ in range(3):
        swap(registered, market, trader)
    until_ended(registered, market)
    assert [(run.state, run.detail) for run in Run.objects.all()] == 3 * [("succeeded", "")]


def test_the_second_waits_and_says_for_whom(
    registered: Network, market: Market, trader: Wallet
) -> None:
    first, second = (swap(registered, market, trader) for _ in range(2))
    start_run(first)
    start_run(second)
    assert second.state == RunState.HELD
    assert second.detail == f"waits for run {first.pk}, which uses the same allowance"
