"""What tests of the roof share."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from protocols.models import Protocol
from wallets.addresses import ZERO_ADDRESS
from wallets.models import Network, RpcEndpoint, Token, Wallet

# Nobody listens there: a call is refused at once.
NOWHERE = "http://127.0.0.1:9"


def add_network(slug: str, chain_id: int, *, url: str = NOWHERE) -> Network:
    """A network of the protocol `evm` with one endpoint that answered just now."""
    network = Network.objects.create(
        slug=slug, name=slug.title(), chain_id=chain_id, kind="devnet", block_seconds=1
    )
    now = timezone.now()
    RpcEndpoint.objects.create(
        network=network, name=f"{slug}-rpc", url=url, checked_at=now, answered_at=now
    )
    Token.objects.create(network=network, symbol="ETH", decimals=18)
    protocol, _ = Protocol.objects.get_or_create(slug="evm", defaults={"name": "EVM"})
    protocol.networks.add(network)
    return network


@pytest.fixture
def heard_network(db: None) -> Network:
    """A network whose endpoint answered just now, so that nobody asks it."""
    return add_network("heard", 1001)


@pytest.fixture
def watched_wallet(db: None) -> Wallet:
    """A wallet without a key."""
    return Wallet.objects.create(label="watched", address=ZERO_ADDRESS, signer_kind="watch_only")


@pytest.fixture
def operator(client: Client) -> Client:
    """Somebody who may do everything."""
    client.force_login(User.objects.create_superuser("operator"))
    return client
