"""LayerBank's stand-in on the tests' market, with a market of ETH and one of USDC."""

from dataclasses import dataclass
from typing import Any

import pytest

from airdrops_site.devnet.outbox import Outbox
from protocols.models import Protocol
from protocols.services import register_deployment
from tests.market import Market
from tests.protocols.operators import ETHER, USDC, Operator
from tests.solidity import compiled
from wallets.chain.client import NetworkClient
from wallets.models import Network

_FILE = "tests/solidity/LayerBank.sol"
NATIVE = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Bank:
    """Where its contracts are."""

    core: str
    native: str
    usdc: str


@pytest.fixture(scope="session")
def deployed_bank(deployed_market: Market) -> Bank:
    """Before any test's snapshot: ETH at 2,000 USD, USDC at 1; 50 ETH and 100,000 USDC in it."""
    deployed = deployed_market.manifest.l2
    outbox = Outbox.of(deployed_market.rpc, deployed.treasury)
    usdc = deployed.token("USDC").contract.address
    core = outbox.deploy("core", compiled(_FILE, "Core"))
    coins = ((NATIVE, 2_000 * ETHER, 1), (usdc, ETHER, 10**12))
    markets = [outbox.deploy("market", compiled(_FILE, "LToken"), core, *coin) for coin in coins]
    for one in markets:
        outbox.call(core, "list(address)", one)
    outbox.call(usdc, "approve(address,uint256)", markets[1], 100_000 * USDC)
    outbox.call(core, "supply(address,uint256)", markets[0], 0, value=50 * ETHER)
    outbox.call(core, "supply(address,uint256)", markets[1], 100_000 * USDC)
    outbox.send()
    return Bank(core, markets[0], markets[1])


@pytest.fixture
def bank(deployed_bank: Bank, alice: Operator) -> Bank:
    """The same, registered."""
    found = deployed_bank
    for role, abi, address in (
        ("layerbank_core", "core", found.core),
        ("layerbank_native_market", "market", found.native),
        ("layerbank_market-usdc", "market", found.usdc),
    ):
        register(alice.network, role=role, abi=abi, address=address)
    return found


def register(network: Network, **fields: Any) -> None:
    """Enable one contract."""
    register_deployment(
        protocol=Protocol.objects.get(slug="layerbank"),
        network=network,
        source="the stand-in of the tests",
        client=NetworkClient(network),
        **fields,
    )
