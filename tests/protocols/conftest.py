"""What tests of the adapters share."""

import pytest

from wallets.chain.client import NetworkClient
from wallets.models import Network


@pytest.fixture
def client(devnet: Network) -> NetworkClient:
    """The market's network, to be asked."""
    return NetworkClient(devnet)
