"""Policies of capital, what they came to, and rebalances."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta
from typing import Any

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.allocation.approving import digest_of_moves
from analytics.models import (
    AllocationBucket,
    AllocationCap,
    AllocationPolicy,
    AllocationRun,
    Rebalance,
    RebalanceEvent,
)
from tests.factories.people import UserFactory


def line(name: str, current: int, target: int) -> dict[str, Any]:
    """A line of a run over ten thousand cents."""
    shares = {"current_bps": current, "target_bps": target}
    return {"name": name, "current_cents": current, "target_cents": target, **shares}


class AllocationPolicyFactory(DjangoModelFactory[AllocationPolicy]):
    """Half and half, whatever the risk."""

    class Meta:
        model = AllocationPolicy

    name = Sequence(lambda n: f"policy-{n}")
    method = "equal_weight"
    at_high_bps = 10_000
    at_critical_bps = 10_000


class AllocationBucketFactory(DjangoModelFactory[AllocationBucket]):
    """A token."""

    class Meta:
        model = AllocationBucket

    policy = SubFactory(AllocationPolicyFactory)
    symbol = Sequence(lambda n: f"TOK{n}")


class AllocationCapFactory(DjangoModelFactory[AllocationCap]):
    """Of a token."""

    class Meta:
        model = AllocationCap

    policy = SubFactory(AllocationPolicyFactory)
    kind = "symbol"
    key = Sequence(lambda n: f"TOK{n}")


class AllocationRunFactory(DjangoModelFactory[AllocationRun]):
    """A hundred dollars, ten of them too many in ETH."""

    class Meta:
        model = AllocationRun

    policy = SubFactory(AllocationPolicyFactory)
    at = LazyFunction(timezone.now)
    status = "solved"
    total_cents = 10_000
    lines = LazyFunction(
        lambda: [line("ETH", 6_000, 5_000), line("USDC", 4_000, 5_000), line("reserve", 0, 0)]
    )
    level = "low"
    solver = "CLARABEL: optimal"


class RebalanceFactory(DjangoModelFactory[Rebalance]):
    """One that moves nothing, proposed just now."""

    class Meta:
        model = Rebalance

    run = SubFactory(AllocationRunFactory)
    policy = SelfAttribute("run.policy")
    created_by = SubFactory(UserFactory)
    created_from = LazyAttribute(lambda row: f"user {row.created_by.username}")
    cost_cents = 150
    benefit_cents = 900
    digest = LazyAttribute(lambda row: digest_of_moves(row.policy, row.moves))
    moves = LazyFunction(list)
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(hours=1))


class RebalanceEventFactory(DjangoModelFactory[RebalanceEvent]):
    """One that is not over."""

    class Meta:
        model = RebalanceEvent

    rebalance = SubFactory(RebalanceFactory)
    began_at = LazyFunction(timezone.now)
    planned_cost_cents = 150
