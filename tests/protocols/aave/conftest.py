"""A market with WETH and USDC, registered."""

import pytest

from protocols.services import register_token
from tests.aave import AaveMarket
from tests.author import Author
from tests.market import Market
from tests.protocols.evm.conftest import register
from tests.protocols.operators import ETHER, USDC, Operator
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token


@pytest.fixture(scope="session")
def deployed_aave(deployed_market: Market) -> AaveMarket:
    """Its contracts, before any test's snapshot: 1 WETH is 2,500 dollars, USDC one."""
    deployed = deployed_market.manifest.l2
    aave = AaveMarket.deploy(Author(deployed_market.rpc, deployed.treasury))
    weth, usdc = (deployed.token(symbol).contract.address for symbol in ("WETH", "USDC"))
    aave.list_reserve(weth, "WETH", 18, 2_500)
    aave.list_reserve(usdc, "USDC", 6, 1)
    aave.author.call(weth, "deposit()", value=100 * ETHER)
    aave.fund(weth, 100 * ETHER)
    aave.fund(usdc, 100_000 * USDC)
    return aave


@pytest.fixture
def aave(deployed_aave: AaveMarket, registered: Network, market: Market) -> AaveMarket:
    """The same, enabled, and WETH as a token."""
    for role, address in (
        ("aave_pool", deployed_aave.pool),
        ("aave_addresses_provider", deployed_aave.provider),
    ):
        register(registered, role, address, role, protocol="aave")
    weth = market.manifest.l2.weth
    row = Token.objects.create(
        network=registered,
        address=weth.contract.address,
        symbol=weth.symbol,
        decimals=weth.decimals,
    )
    register_token(token=row, source="the tests", client=NetworkClient(registered))
    return deployed_aave


@pytest.fixture
def lender(aave: AaveMarket, alice: Operator) -> Operator:
    """A wallet that has supplied 4,000 of its 10,000 USDC."""
    alice.perform("supply", protocol="aave", asset=alice.token("USDC"), amount=4_000 * USDC)
    return alice
