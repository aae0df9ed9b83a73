"""Capital goes into a lending market and comes back; each step takes what one before brings."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from analytics.allocation.approving import apply, approve
from analytics.allocation.jobs import look_after
from analytics.allocation.proposing import propose
from analytics.booking import book_ledger
from analytics.models import AllocationPolicy, Rebalance, RebalanceEvent
from scheduling.dispatch import dispatch_due
from scheduling.models import Run
from scheduling.plans.making import Maker
from tests import factories
from tests.aave import AaveMarket
from tests.analytics.allocation.capital import a_trader, look, past_prices
from tests.market import Market
from tests.protocols.aave.conftest import aave, deployed_aave
from tests.scheduling.plans import person
from tests.scheduling.trading import one_round, until_ended
from wallets.models import Lease, Network

__all__ = ["aave", "deployed_aave"]
pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def ann(db: None) -> User:
    """Does it all."""
    return person("ann", "operate_rebalance", "approve_rebalance")


@pytest.fixture
def policy(aave: AaveMarket, registered: Network, market: Market, keystores: Path) -> object:
    """Half in ETH, half in USDC that is lent; the other USDC is reserve."""
    a_trader(registered, market)
    look(registered)
    past_prices(registered, ETH=0.7, USDC=0.005)
    terms = {"name": "lent", "dimension": "mixed", "assumed_gas": 400_000}
    row = factories.AllocationPolicyFactory.create(
        **terms, method="fixed", min_trade_cents=20_000, slippage_bps=100
    )
    add = factories.AllocationBucketFactory.create
    add(policy=row, symbol="ETH", target_bps=5_000)
    add(policy=row, symbol="USDC", protocol="aave", target_bps=5_000)
    return row


def carried_out(network: Network, market: Market, row: Rebalance, by: User) -> Rebalance:
    apply(rebalance=approve(rebalance=row, person=by), person=by)
    dispatch_due()
    until_ended(network, market)
    for _ in range(6):
        one_round(network, market)
        book_ledger()
    look(network)
    Lease.objects.all().delete()
    look_after()
    return row


def kinds(row: Rebalance) -> list[list[str]]:
    return [[leg["kind"] for leg in move["legs"]] for move in row.moves]


def test_what_is_sold_is_lent_and_what_is_lent_comes_back(
    registered: Network, market: Market, policy: AllocationPolicy, ann: User
) -> None:
    there = propose(policy=policy, maker=Maker.of(ann))
    assert (there.without_route, there.detail) == ([], "")
    assert kinds(there) == [["swap", "supply"], ["supply"]]
    carried_out(registered, market, there, ann)
    assert set(Run.objects.values_list("state", flat=True)) == {"succeeded"}
    event = RebalanceEvent.objects.get()
    lent = {one["name"]: one["bps"] for one in event.after}["USDC in aave"]
    assert 4_850 < lent <= 5_000
    policy.buckets.filter(symbol="ETH").update(target_bps=9_000)
    policy.buckets.filter(symbol="USDC").update(target_bps=1_000)
    back = propose(policy=policy, maker=Maker.of(ann))
    assert (kinds(back)[0], back.detail) == (["withdraw", "swap"], "")
    carried_out(registered, market, back, ann)
    assert set(Run.objects.values_list("state", flat=True)) == {"succeeded"}
    ended = RebalanceEvent.objects.latest("pk")
    assert 900 < {one["name"]: one["bps"] for one in ended.after}["USDC in aave"] < 1_100
