"""Uniswap V3 beside the market's V2, registered."""

import pytest

from protocols.models import Protocol
from protocols.services import register_deployment
from tests.market import Market
from tests.uniswap_v3 import UniswapV3, open_pools
from wallets.chain.client import NetworkClient
from wallets.models import Network


@pytest.fixture(scope="session")
def deployed_v3(deployed_market: Market) -> UniswapV3:
    """Its contracts and pools, before any test's snapshot."""
    uniswap = UniswapV3.deploy(deployed_market.rpc, deployed_market.manifest.l2)
    open_pools(uniswap, deployed_market.manifest.l2)
    return uniswap


@pytest.fixture
def v3(deployed_v3: UniswapV3, registered: Network) -> UniswapV3:
    """The same, enabled for the generic adapter."""
    roles = {
        "uniswap_v3_factory": deployed_v3.factory,
        "uniswap_v3_quoter": deployed_v3.quoter,
        "uniswap_v3_router": deployed_v3.router,
    }
    for role, address in roles.items():
        register(registered, role, address, role)
    return deployed_v3


def register(network: Network, role: str, address: str, abi: str, protocol: str = "evm") -> None:
    """Enable a contract of the chain."""
    register_deployment(
        protocol=Protocol.objects.get(slug=protocol),
        network=network,
        role=role,
        address=address,
        abi=abi,
        source="the tests",
        client=NetworkClient(network),
    )
