"""Limits, rules, and what runs the workers."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.faker import Faker

from tests.factories.networks import NetworkFactory, TokenFactory
from tests.factories.signing import TransactionFactory, WalletFactory
from tests.factories.values import ETHER, NOON, a_hash, an_address
from wallets.models import (
    Allowance,
    AllowanceScan,
    Lease,
    Limit,
    LimitOverride,
    PolicyRule,
    SpendReservation,
    Tally,
    TallyDelta,
    WakeUp,
    WorkerCluster,
)


class LimitFactory(DjangoModelFactory[Limit]):
    """A ceiling for one wallet."""

    class Meta:
        model = Limit

    kind = Limit.Kind.MAX_VALUE
    scope_kind = "wallet"
    scope_value = Sequence(lambda n: f"limited-{n}")
    amount = ETHER


class PolicyRuleFactory(DjangoModelFactory[PolicyRule]):
    """A rule that lets a token be transferred."""

    class Meta:
        model = PolicyRule

    network = SubFactory(NetworkFactory)
    address = Sequence(lambda n: an_address(f"rule {n}"))
    selector = "0xa9059cbb"
    protocol = "evm"
    signature = "transfer(address,uint256)"
    source = "https://contracts.example"


class SpendReservationFactory(DjangoModelFactory[SpendReservation]):
    """An amount held back."""

    class Meta:
        model = SpendReservation

    transaction = SubFactory(TransactionFactory)
    limit = SubFactory(LimitFactory)
    day = NOON.date()
    amount = ETHER


class AllowanceFactory(DjangoModelFactory[Allowance]):
    """A spender that may take five tokens."""

    class Meta:
        model = Allowance

    wallet = SubFactory(WalletFactory)
    token = SubFactory(TokenFactory)
    spender = Sequence(lambda n: an_address(f"spender {n}"))
    amount = 5_000_000
    block_number = 5_000
    checked_at = NOON


class AllowanceScanFactory(DjangoModelFactory[AllowanceScan]):
    """A thousand allowances asked about just now, one of them not zero."""

    class Meta:
        model = AllowanceScan

    network = SubFactory(NetworkFactory)
    block_number = Sequence(lambda n: 5_000 + n)
    block_hash = Sequence(lambda n: a_hash(f"scan {n}"))
    block_at = LazyFunction(timezone.now)
    finished_at = LazyFunction(timezone.now)
    asked = 1000
    found = 1


class WakeUpFactory(DjangoModelFactory[WakeUp]):
    """A piece of work nobody asks for."""

    class Meta:
        model = WakeUp

    key = Sequence(lambda n: f"work-{n}")
    path = "tests.factories.nothing"


class WorkerClusterFactory(DjangoModelFactory[WorkerCluster]):
    """A cluster that beat just now."""

    class Meta:
        model = WorkerCluster

    id = Faker("uuid4", cast_to=None)
    host = "host-1"
    pid = Sequence(lambda n: 1_000 + n)
    started_at = NOON
    beat_at = LazyFunction(timezone.now)


class LeaseFactory(DjangoModelFactory[Lease]):
    """A lease nobody holds."""

    class Meta:
        model = Lease

    name = Sequence(lambda n: f"lease-{n}")


class TallyFactory(DjangoModelFactory[Tally]):
    """Something that was counted."""

    class Meta:
        model = Tally

    name = Sequence(lambda n: f"things-{n}")
    labels = "{}"
    value = 1


class TallyDeltaFactory(DjangoModelFactory[TallyDelta]):
    """One more of something."""

    class Meta:
        model = TallyDelta

    name = "things"
    labels = "{}"
    value = 1


class LimitOverrideFactory(DjangoModelFactory[LimitOverride]):
    """Ten times as much, for an hour."""

    class Meta:
        model = LimitOverride

    limit = SubFactory(LimitFactory)
    amount = 10 * ETHER
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(hours=1))
    reason = "a large claim"
    actor = "user ada"
