"""SyncSwap's stand-ins on the tests' market, with a classic and a stable pool, registered."""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from airdrops_site.devnet.outbox import Outbox
from protocols.models import Protocol
from protocols.services import register_deployment
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.solidity import compiled
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network

_FILE = "tests/solidity/SyncSwap.sol"
SUPPLY = 10**12
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where its contracts are."""

    vault: str
    router: str
    classic: str
    stable: str
    classic_pool: str
    stable_pool: str
    tether: str


def deploy_exchange(market: Market) -> Exchange:
    """Deploy everything and fill the pools: 100 ETH to 200,000 USDC, and as many USDC as TUSD."""
    deployed = market.manifest.l2
    usdc, weth = deployed.token("USDC").contract.address, deployed.weth.contract.address
    outbox = Outbox.of(market.rpc, deployed.treasury)
    vault = outbox.deploy("vault", compiled(_FILE, "SyncSwapVault"), weth)
    router = outbox.deploy("router", compiled(_FILE, "SyncSwapRouter"), vault, weth)
    classic = outbox.deploy("classic", compiled(_FILE, "SyncSwapFactory"), vault, 1)
    stable = outbox.deploy("stable", compiled(_FILE, "SyncSwapFactory"), vault, 2)
    tether = deployed.token("GOV").contract.address
    for factory, pair in ((classic, (weth, usdc)), (stable, (tether, usdc))):
        outbox.call(factory, "createPool(bytes)", encode(["address"] * 2, pair), gas=4_000_000)
    outbox.send()
    pools = [_pool_of(market, classic, weth, usdc), _pool_of(market, stable, tether, usdc)]
    outbox.call(vault, "deposit(address,address)", NOBODY, pools[0], value=100 * ETHER)
    _fill(outbox, vault, usdc, 200_000 * USDC, pools[0])
    _fill(outbox, vault, usdc, 10_000 * USDC, pools[1])
    _fill(outbox, vault, tether, 10_000 * USDC, pools[1])
    for pool in pools:
        data = encode(["address"], [deployed.treasury])
        outbox.call(pool, "mint(bytes,address,address,bytes)", data, NOBODY, NOBODY, b"")
    outbox.send()
    return Exchange(vault, router, classic, stable, pools[0], pools[1], tether)


def _fill(outbox: Outbox, vault: str, token: str, amount: int, pool: str) -> None:
    outbox.call(token, "transfer(address,uint256)", vault, amount)
    outbox.call(vault, "deposit(address,address)", token, pool)


def _pool_of(market: Market, factory: str, *pair: str) -> str:
    data = "0x531aa03e" + encode(["address"] * 2, pair).hex()
    answer: Any = market.rpc.call("eth_call", {"to": factory, "data": data}, "latest")
    return parse_address("0x" + answer[-40:])


def register_exchange(network: Network, exchange: Exchange, weth: str) -> None:
    """Enable its contracts, all but the pools."""
    contracts = {
        "syncswap_router": ("router", exchange.router),
        "syncswap_classic_factory": ("factory", exchange.classic),
        "syncswap_stable_factory": ("factory", exchange.stable),
        "weth": ("weth", weth),
    }
    for role, (abi, address) in contracts.items():
        register(network, role, address, abi)


def register(network: Network, role: str, address: str, abi: str = "pool") -> None:
    """Enable one contract."""
    register_deployment(
        protocol=Protocol.objects.get(slug="syncswap"),
        network=network,
        role=role,
        address=address,
        abi=abi,
        source="the stand-in of the tests",
        client=NetworkClient(network),
    )
