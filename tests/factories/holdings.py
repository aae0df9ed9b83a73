"""What wallets hold, what it is worth, and what is wanted of it."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from tests.factories.networks import NetworkFactory, TokenFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import ETHER, a_hash, an_address
from wallets.models import (
    Balance,
    BalancePoint,
    BalanceSnapshot,
    MinimumBalance,
    Price,
    PriceFeed,
    PriceSource,
)


class BalanceSnapshotFactory(DjangoModelFactory[BalanceSnapshot]):
    """One balance read just now."""

    class Meta:
        model = BalanceSnapshot

    network = SubFactory(NetworkFactory)
    block_number = Sequence(lambda n: 1_000 + n)
    block_hash = Sequence(lambda n: a_hash(f"block {n}"))
    block_at = LazyFunction(timezone.now)
    read = 1
    unknown = 0


class BalanceFactory(DjangoModelFactory[Balance]):
    """A wallet that holds a million of the smallest part of a token."""

    class Meta:
        model = Balance

    wallet = SubFactory(WalletFactory)
    token = SubFactory(TokenFactory)
    amount = 1_000_000
    snapshot = SubFactory(BalanceSnapshotFactory, network=SelfAttribute("..token.network"))


class BalancePointFactory(DjangoModelFactory[BalancePoint]):
    """A change to a million."""

    class Meta:
        model = BalancePoint

    wallet = SubFactory(WalletFactory)
    token = SubFactory(TokenFactory)
    amount = 1_000_000
    snapshot = SubFactory(BalanceSnapshotFactory, network=SelfAttribute("..token.network"))


class MinimumBalanceFactory(DjangoModelFactory[MinimumBalance]):
    """An ether or as many base units, for every wallet."""

    class Meta:
        model = MinimumBalance

    token = SubFactory(TokenFactory)
    amount = ETHER


class PriceFactory(DjangoModelFactory[Price]):
    """A dollar, said just now."""

    class Meta:
        model = Price

    token = SubFactory(TokenFactory)
    source = PriceSource.CHAINLINK
    amount = 100_000_000
    decimals = 8
    at = LazyFunction(timezone.now)
    read_at = LazyFunction(timezone.now)
    stale_at = LazyAttribute(lambda row: row.at + timedelta(hours=1))


class PriceFeedFactory(DjangoModelFactory[PriceFeed]):
    """A feed on the token's own network."""

    class Meta:
        model = PriceFeed

    token = SubFactory(TokenFactory)
    network = SelfAttribute("token.network")
    address = Sequence(lambda n: an_address(f"feed {n}"))
    heartbeat_seconds = 3600
    source = "https://feeds.example"
