"""Which moves are worth it; a rebalance is done once, as it was approved, or not at all."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analytics.allocation.approving import apply, approve, expire_old, refuse
from analytics.allocation.benefits import benefit_cents
from analytics.allocation.computing import compute, lines_of
from analytics.allocation.events import close_events
from analytics.allocation.moves import Draft, drafts_of
from analytics.allocation.proposing import propose
from analytics.allocation.shifts import after, shifts_of
from analytics.allocation.stock import Stock
from analytics.models import Rebalance
from scheduling.models import Task, TaskDependency
from scheduling.plans.making import Maker
from tests import factories
from tests.analytics.allocation.capital import half_and_half, held, past_prices
from tests.factories.allocating import line
from tests.scheduling.plans import person
from wallets.models import Network, Transition, Wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def ann(db: None) -> User:
    """May do all of it."""
    return person("ann", "operate_rebalance", "approve_rebalance")


def a_leg(kind: str, action: str, wallet: str, **params: str) -> dict[str, Any]:
    """A step on the only network."""
    where = {"protocol": "aave", "action": action, "network": Network.objects.get().slug}
    asset = factories.an_address("an asset")
    wallets = {wallet: {"asset": asset, "amount": "5", **params}}
    return {"kind": kind, "words": kind, "wallets": wallets, **where}


@pytest.fixture
def row(ann: User) -> Rebalance:
    """Takes something out of Aave and supplies it again: two steps with one wallet."""
    factories.NetworkFactory.create(kind="devnet")
    factories.ProtocolFactory.create(slug="aave")
    wallet = factories.WalletFactory.create(status="verified")
    legs = [a_leg(kind, kind, wallet.label) for kind in ("withdraw", "supply")]
    move = {"from": "ETH", "to": "USDC", "cents": 900, "cost_cents": 9, "legs": legs}
    return factories.RebalanceFactory.create(created_by=ann, moves=[move])


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=8), st.integers(0, 10**8), st.data())
def test_shifts_only_bring_nearer_and_keep_their_bounds(
    cents: list[int], least: int, data: st.DataObject
) -> None:
    targets = data.draw(st.permutations(cents))
    most = data.draw(st.integers(0, sum(cents)))
    lines = [line("x", *both) for both in zip(cents, targets, strict=True)]
    found = shifts_of(lines, least=least, most=most)
    assert sum(one.cents for one in found) <= most
    assert all(one.cents >= max(least, 1) for one in found)
    ended = after(lines, found)
    assert sum(ended) == sum(cents)
    for was, now, target in zip(cents, ended, targets, strict=True):
        assert abs(target - now) <= abs(target - was)


def test_the_benefit_is_what_a_utility_would_gain_at_least() -> None:
    policy = factories.AllocationPolicyFactory.create(risk_aversion=3, horizon_days=73)
    covariance = np.array([[0.36, 0.0], [0.0, 0.0]])
    found = benefit_cents(
        policy,
        covariance,
        before=[800_000, 200_000, 0],
        after=[500_000, 500_000, 0],
        target_bps=[5_000, 5_000, 0],
    )
    # 3/2 · 0.3² · 0.36 · 1,000,000 cents · 73/365
    assert found == 9_720


def test_what_has_no_route_is_named_and_nothing_is_proposed(ann: User) -> None:
    past_prices(held(), ETH=0.7, USDC=0.01)
    row = propose(policy=half_and_half(), maker=Maker.of(ann))
    assert row.state == "refused"
    assert row.without_route == [
        "1000.00 USD from ETH to USDC needs a route: no exchange is enabled on devnet-l2"
    ]
    assert "nothing of it can be moved" in row.detail


def test_tasks_are_made_once_off_and_one_after_the_other(row: Rebalance, ann: User) -> None:
    for _ in range(2):
        approve(rebalance=row, person=ann, reason="looked at")
    first, second = Task.objects.order_by("pk")
    assert (first.action, second.action) == ("withdraw", "supply")
    assert not Task.objects.filter(enabled=True).exists()
    assert TaskDependency.objects.get().needs == first
    assert first.changed_by == ann
    for _ in range(2):
        apply(rebalance=row, person=ann)
    assert Task.objects.filter(enabled=True, next_due_at__isnull=False).count() == 2
    states = Transition.objects.filter(subject="rebalance").values_list("to_state", flat=True)
    assert list(states.order_by("pk")) == ["approved", "applied"]


def params_changed(row: Rebalance) -> None:
    row.tasks.get(action="supply").task_wallets.update(params={"amount": "500"})


def moves_changed(row: Rebalance) -> None:
    Rebalance.objects.update(moves=[])


def policy_changed(row: Rebalance) -> None:
    row.policy.slippage_bps = 500
    row.policy.save()


def switched_on(row: Rebalance) -> None:
    row.tasks.update(enabled=True)


def bucket_changed(row: Rebalance) -> None:
    factories.AllocationBucketFactory.create(policy=row.policy, symbol="WBTC")


def cap_changed(row: Rebalance) -> None:
    factories.AllocationCapFactory.create(policy=row.policy)


def made_hourly(row: Rebalance) -> None:
    row.tasks.filter(action="withdraw").update(schedule="interval", interval_seconds=3_600)


def made_independent(_row: Rebalance) -> None:
    TaskDependency.objects.all().delete()


CHANGES = (
    params_changed,
    moves_changed,
    policy_changed,
    switched_on,
    bucket_changed,
    cap_changed,
    made_hourly,
    made_independent,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_after_it_was_approved_is_not_done(
    row: Rebalance, ann: User, change: Any
) -> None:
    approve(rebalance=row, person=ann)
    change(row)
    with pytest.raises(NotPossible, match="changed since"):
        apply(rebalance=row, person=ann)
    row.refresh_from_db()
    assert row.state == "approved"


def test_what_is_refused_or_too_old_leaves_no_tasks(row: Rebalance, ann: User) -> None:
    approve(rebalance=row, person=ann)
    refuse(rebalance=row, person=ann, reason="the market moves")
    assert not Task.objects.exists()
    late = factories.RebalanceFactory.create(created_by=ann, moves=row.moves)
    Rebalance.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotPossible, match="prices of more than an hour ago"):
        approve(rebalance=late, person=ann)
    late.refresh_from_db()
    assert (late.state, Task.objects.count()) == ("expired", 0)
    assert expire_old() == 0


def test_a_task_that_somebody_ran_does_not_keep_a_rebalance_from_ending(
    row: Rebalance, ann: User
) -> None:
    approve(rebalance=row, person=ann)
    task = Task.objects.get(action="withdraw")
    factories.OccurrenceFactory.create(task=task, wallet=Wallet.objects.get())
    Task.objects.update(enabled=True)
    Rebalance.objects.update(approved_at=timezone.now() - timedelta(hours=2))
    assert expire_old() == 1
    assert list(Task.objects.values_list("pk", "enabled")) == [(task.pk, False)]


def test_tasks_that_are_switched_off_before_they_are_due_end_a_rebalance(
    row: Rebalance, ann: User
) -> None:
    approve(rebalance=row, person=ann)
    apply(rebalance=row, person=ann)
    assert close_events() == 0
    Task.objects.update(enabled=False)
    later = timezone.now() + timedelta(days=1)
    assert (close_events(later), close_events(later)) == (1, 0)


def test_at_a_higher_risk_than_it_was_proposed_at_nothing_is_approved_or_applied(
    row: Rebalance, ann: User
) -> None:
    factories.RiskReadingFactory.create(level="low")
    policy = factories.AllocationPolicyFactory.create(at_high_bps=5_000, at_critical_bps=0)
    run = factories.AllocationRunFactory.create(policy=policy, level="low")
    made = factories.RebalanceFactory.create(run=run, created_by=ann, moves=row.moves)
    approve(rebalance=made, person=ann)
    factories.RiskReadingFactory.create(level="high")
    with pytest.raises(NotPossible, match=r"the risk was low when .* and is high now"):
        apply(rebalance=made, person=ann)
    assert not Task.objects.filter(enabled=True).exists()


def test_who_has_no_right_approves_nothing(row: Rebalance) -> None:
    with pytest.raises(NotPossible, match="has no right"):
        approve(rebalance=row, person=person("eve"))
    assert Wallet.objects.count() == 1
    assert not Task.objects.exists()


def test_the_largest_piles_are_taken_first_and_only_what_is_wanted() -> None:
    network = held(eth_cents=100_000, usdc_cents=0)
    read = factories.BalanceSnapshotFactory.create(network=network)
    for label, ether, usdc in (("big", 10, 0), ("small", 2, 0)):
        wallet = factories.WalletFactory.create(label=label, status="verified")
        for symbol, amount in (("ETH", ether * factories.ETHER // 10), ("USDC", usdc)):
            token = network.tokens.get(symbol=symbol)
            factories.BalanceFactory.create(
                wallet=wallet, token=token, amount=amount, snapshot=read
            )
    factories.DeploymentFactory.create(network=network, role="uniswap_v2_router")
    policy = half_and_half(method="fixed")
    for symbol, target in (("ETH", 2_000), ("USDC", 8_000)):
        policy.buckets.filter(symbol=symbol).update(target_bps=target)
    found = compute(policy, timezone.now())
    shifts = shifts_of(lines_of(found), least=100, most=10**9)
    (draft,) = drafts_of(found, shifts, Stock.read(timezone.now()))
    assert isinstance(draft, Draft)
    # 3,200 of 4,000 dollars: 1.28 ETH.
    taken = [(wallet.label, amount) for wallet, amount in draft.taken]
    assert taken == [("big", factories.ETHER), ("holder", 28 * factories.ETHER // 100)]
    assert [leg.words for way in draft.ways for leg in way] == [
        "exchange ETH for USDC by evm/swap on devnet-l2"
    ]
