"""Networks, endpoints and tokens."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory

from tests.factories.values import GWEI, an_address
from wallets.gas import hour_of
from wallets.models import GasReading, Network, RpcEndpoint, Token


class NetworkFactory(DjangoModelFactory[Network]):
    """A devnet that does not run."""

    class Meta:
        model = Network

    chain_id = Sequence(lambda n: 900_000 + n)
    slug = Sequence(lambda n: f"net-{n}")
    name = LazyAttribute(lambda row: row.slug.replace("-", " ").capitalize())
    kind = Network.Kind.DEVNET
    explorer_url = "https://explorer.example"


class RpcEndpointFactory(DjangoModelFactory[RpcEndpoint]):
    """An endpoint whose credential is in the environment, as it must be."""

    class Meta:
        model = RpcEndpoint

    network = SubFactory(NetworkFactory)
    name = Sequence(lambda n: f"endpoint-{n}")
    url = "https://rpc.example/v2/${RPC_KEY}"
    head_block = Sequence(lambda n: 1_000 + n)
    head_block_at = LazyFunction(timezone.now)
    answered_at = LazyFunction(timezone.now)


class TokenFactory(DjangoModelFactory[Token]):
    """An ERC-20 with six decimals."""

    class Meta:
        model = Token

    network = SubFactory(NetworkFactory)
    address = Sequence(lambda n: an_address(f"token {n}"))
    symbol = Sequence(lambda n: f"TKN{n}")
    decimals = 6


class NativeCoinFactory(DjangoModelFactory[Token]):
    """A network's own coin."""

    class Meta:
        model = Token

    network = SubFactory(NetworkFactory)
    symbol = "ETH"
    decimals = 18


class GasReadingFactory(DjangoModelFactory[GasReading]):
    """One gwei, an hour before the one made before."""

    class Meta:
        model = GasReading

    network = SubFactory(NetworkFactory)
    hour = Sequence(lambda n: hour_of(timezone.now()) - timedelta(hours=n))
    price = GWEI
    at = LazyFunction(timezone.now)
