"""From a policy to tasks that have moved real tokens on a real market, and what it cost."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from analytics.allocation.approving import apply, approve
from analytics.allocation.computing import compute_run
from analytics.allocation.jobs import look_after
from analytics.allocation.proposing import propose
from analytics.booking import book_ledger
from analytics.models import RebalanceEvent
from scheduling.approvals.deciding import approve_run
from scheduling.dispatch import dispatch_due
from scheduling.models import Approval, Run, Task
from scheduling.plans.making import Maker
from tests.analytics.allocation.capital import a_trader, half_and_half, look, past_prices
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.plans import allow_alone, coin, person
from tests.scheduling.trading import one_round, until_ended
from wallets.models import Network, Wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def trader(registered: Network, market: Market, keystores: Path) -> Wallet:
    """26,000 dollars, nearly all of them in ETH."""
    wallet = a_trader(registered, market)
    look(registered)
    past_prices(registered, ETH=0.7, USDC=0.005)
    return wallet


@pytest.fixture
def ann(db: None) -> User:
    """Proposes, and may approve what others propose."""
    return person("ann", "operate_rebalance", "approve_rebalance")


@pytest.fixture
def ben(db: None) -> User:
    """Approves rebalances and runs."""
    return person("ben", "operate_rebalance", "approve_rebalance", "approve_run")


def carried_out(network: Network, market: Market, ben: User) -> None:
    """The workers do it; ben approves the run as well, its limit asks for that."""
    dispatch_due()
    one_round(network, market)
    approve_run(approval=Approval.objects.get(), person=ben)
    until_ended(network, market)
    for _ in range(6):
        one_round(network, market)
        book_ledger()
    look(network)
    look_after()


def test_capital_gets_to_its_target_by_ordinary_tasks(
    registered: Network, market: Market, trader: Wallet, ann: User, ben: User
) -> None:
    allow_alone(ETHER, coin(registered))
    policy = half_and_half()
    row = propose(policy=policy, maker=Maker.of(ann))
    assert (row.state, row.without_route) == ("proposed", [])
    assert 0 < (row.cost_cents or 0) < (row.benefit_cents or 0)
    assert "more than the 1 ETH of one person" in row.second_person[0]
    with pytest.raises(NotPossible, match="a second person approves it"):
        approve(rebalance=row, person=ann)
    approve(rebalance=row, person=ben)
    approve(rebalance=row, person=ben)
    assert Task.objects.get().enabled is False
    apply(rebalance=row, person=ann)
    apply(rebalance=row, person=ann)
    carried_out(registered, market, ben)
    assert Run.objects.get().state == "succeeded"
    event = RebalanceEvent.objects.get()
    assert [one["bps"] // 100 for one in event.before] == [96, 3, 0]
    assert [one["bps"] // 100 for one in event.after] in ([50, 49, 0], [49, 50, 0])
    # The price impact and fee that were quoted, and less gas than was feared.
    assert 0 < (event.actual_cost_cents or 0) <= event.planned_cost_cents
    run = compute_run(policy=policy)
    assert all(
        abs(one["current_cents"] - one["target_cents"]) < policy.min_trade_cents
        for one in run.lines
    )
    with pytest.raises(NotPossible, match="everything is within 100"):
        propose(policy=policy, maker=Maker.of(ann))
