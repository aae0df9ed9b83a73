"""Prices over time, positions, what all was worth, and the risk."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.models import CountedBalance, EquityPoint
from protocols.models import PositionReading, PositionRow
from scheduling.models import RiskReading, RiskResponse
from tests.factories.networks import NativeCoinFactory, NetworkFactory, TokenFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import NOON
from tests.factories.work import ProtocolFactory
from wallets.models import PricePoint, PriceSource


class PricePointFactory(DjangoModelFactory[PricePoint]):
    """A dollar, five minutes after the one before."""

    class Meta:
        model = PricePoint

    token = SubFactory(TokenFactory)
    source = PriceSource.CHAINLINK
    amount = 100_000_000
    decimals = 8
    at = Sequence(lambda n: NOON + timedelta(minutes=5 * n))


class PositionReadingFactory(DjangoModelFactory[PositionReading]):
    """Read just now, nothing owed."""

    class Meta:
        model = PositionReading

    wallet = SubFactory(WalletFactory)
    network = SubFactory(NetworkFactory)
    protocol = SubFactory(ProtocolFactory)
    read_at = LazyFunction(timezone.now)
    whole = True
    health_known = True
    look_at = LazyFunction(timezone.now)


class PositionRowFactory(DjangoModelFactory[PositionRow]):
    """A coin that was supplied."""

    class Meta:
        model = PositionRow

    reading = SubFactory(PositionReadingFactory)
    kind = "supplied"
    amount = 10**18
    what = "1 supplied"


class EquityPointFactory(DjangoModelFactory[EquityPoint]):
    """A thousand dollars, just now, none of them lost."""

    class Meta:
        model = EquityPoint

    at = LazyFunction(timezone.now)
    cents = 100_000
    loss_cents = 0


class CountedBalanceFactory(DjangoModelFactory[CountedBalance]):
    """A coin of which a wallet had nothing when it was counted first, just now."""

    class Meta:
        model = CountedBalance

    wallet = SubFactory(WalletFactory)
    token = SubFactory(NativeCoinFactory)
    at = LazyFunction(timezone.now)
    block_number = 1
    amount = 0


class RiskReadingFactory(DjangoModelFactory[RiskReading]):
    """A low risk, just now."""

    class Meta:
        model = RiskReading

    at = LazyFunction(timezone.now)
    level = "low"


class RiskResponseFactory(DjangoModelFactory[RiskResponse]):
    """Nothing begins at a critical risk."""

    class Meta:
        model = RiskResponse
        django_get_or_create = ("level",)

    level = "critical"
    action = "pause"
