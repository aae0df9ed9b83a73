"""The exchange, as the tests of its adapter find it."""

import pytest

from tests.market import Market
from tests.protocols.operators import Operator
from tests.protocols.syncswap.exchange import Exchange, deploy_exchange, register, register_exchange


@pytest.fixture(scope="session")
def deployed_exchange(deployed_market: Market) -> Exchange:
    """Its contracts, before any test's snapshot."""
    return deploy_exchange(deployed_market)


@pytest.fixture
def bare_exchange(deployed_exchange: Exchange, alice: Operator) -> Exchange:
    """The exchange, its pools not yet registered."""
    register_exchange(alice.network, deployed_exchange, alice.token("WETH"))
    return deployed_exchange


@pytest.fixture
def exchange(bare_exchange: Exchange, alice: Operator) -> Exchange:
    """The exchange with both pools registered."""
    register(alice.network, "syncswap_pool-eth-usdc", bare_exchange.classic_pool)
    register(alice.network, "syncswap_pool-gov-usdc", bare_exchange.stable_pool)
    return bare_exchange
