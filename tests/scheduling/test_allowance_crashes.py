"""Whatever boundary a worker is killed at, what a run left is taken back exactly once."""

import pytest

from scheduling.models import Run
from scheduling.points import RunPoint
from tests.market import Market
from tests.scheduling.trading import (
    allowed,
    crash_the_price,
    made_on_chain,
    one_round,
    revocations,
    swap,
    until_allowed,
    until_settled,
)
from tests.wallets.crashing import broken_invariants, dies_at, time_passes
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.mark.parametrize("point", RunPoint)
def test_a_worker_killed_anywhere_neither_loses_nor_doubles_a_revocation(
    registered: Network, market: Market, trader: Wallet, point: RunPoint
) -> None:
    swap(registered, market, trader)
    until_allowed(registered, market, trader)
    crash_the_price(market)
    assert dies_at(point, "", lambda: rounds(registered, market))
    time_passes(registered)
    until_settled(registered, market)
    assert Run.objects.get().state == "failed"
    assert (allowed(market, trader), len(revocations())) == (0, 1)
    assert made_on_chain(market, trader) == [5_000_000, 0]
    assert broken_invariants(registered) == []


def rounds(network: Network, market: Market) -> None:
    """Enough for everything to be over."""
    for _ in range(20):
        one_round(network, market)
