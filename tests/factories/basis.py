"""What was worked out of the books about profit."""

# mypy: disable-error-code="no-untyped-call"

from decimal import Decimal

from django.utils import timezone
from factory.declarations import LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.models import BasisCheckpoint, ProfitDay, RoiReading
from tests.factories.networks import TokenFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import NOON


class BasisCheckpointFactory(DjangoModelFactory[BasisCheckpoint]):
    """The lots of an empty book; there are two methods, and so two rows at most."""

    class Meta:
        model = BasisCheckpoint
        django_get_or_create = ("method",)

    method = Sequence(lambda n: ("fifo", "average")[n % 2])
    until = NOON
    state = '{"pools": [], "parcels": []}'


class ProfitDayFactory(DjangoModelFactory[ProfitDay]):
    """Five dollars of gain."""

    class Meta:
        model = ProfitDay

    method = "fifo"
    day = NOON.date()
    wallet = SubFactory(WalletFactory)
    token = SubFactory(TokenFactory)
    proceeds = 15 * 10**18
    cost = 10 * 10**18


class RoiReadingFactory(DjangoModelFactory[RoiReading]):
    """What a protocol has brought."""

    class Meta:
        model = RoiReading

    by = "protocol"
    name = Sequence(lambda n: f"protocol-{n}")
    ratio = Decimal("0.25")
    received_cents = 100
    at = LazyFunction(timezone.now)
