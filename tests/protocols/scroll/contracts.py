"""Scroll's published contracts, compiled and put at their official addresses on two chains."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from airdrops_site.devnet.artifacts import FIXED_SUPPLY_TOKEN, Artifact, load_artifact
from airdrops_site.devnet.outbox import Outbox
from airdrops_site.devnet.rpc import DevnetRpc
from protocols.deployments import published_deployments
from protocols.registry import get_adapter
from tests.solidity import compiled

L1, L2 = 1, 534352
_FILE = "tests/solidity/ScrollBridge.sol"
# Where the documentation says they are; roles of the adapter are read from its own list.
L1_ETH_GATEWAY = "0x7F2b8C31F88B6006c382775eea88297Ec1e3E905"
L2_ETH_GATEWAY = "0x6EA73e05AdC79974B931123675ea8F78FfdacDF0"
L1_STANDARD_GATEWAY = "0xD8A791fE2bE73eb6E6cF1eb0cb3F36adC9B3F8f9"
L1_USDC_GATEWAY = "0xf1AF3b23DE0A5Ca3CAb7261cb0061C0D779A5c7B"
QUEUE_V1 = "0x0d7E906BD9cAFa154b048cFa766Cc1E54E39AF9B"
L2_QUEUE = "0x5300000000000000000000000000000000000000"
L2_ORACLE = "0x5300000000000000000000000000000000000002"
ENFORCED = "0x000000000000000000000000000000000000E4F0"
FEE_VAULT = "0x000000000000000000000000000000000000FEE5"
NOBODY = "0x" + "00" * 20
GAS = 2_000_000
# What the chain asks for a message: 40 wei, and half the base fee of the block, for each gas.
CONFIG = "0x00000000000000000000000000000000000C0F16"
MOST_MESSAGE_GAS, OVERHEAD, SCALAR = 2_000_000, 40, 5 * 10**17


def official(chain_id: int, role: str) -> str:
    """Where the adapter's list says a contract is."""
    rows = published_deployments(get_adapter("scroll"))
    return next(row.address for row in rows if (row.chain_id, row.role) == (chain_id, role))


class Place:
    """A chain on which contracts are put where they are to be."""

    def __init__(self, rpc: DevnetRpc) -> None:
        self.rpc = rpc
        self.owner: str = rpc.call("eth_accounts")[0]
        self.outbox = Outbox.of(rpc, self.owner)

    def deploy(self, contract: str, *arguments: Any) -> str:
        """Deploy at once, wherever that is."""
        address = self.outbox.deploy(contract, _artifact(contract), *arguments)
        self.outbox.send()
        return address

    def put(self, address: str, contract: str, *arguments: Any) -> None:
        """Have the code at an address, with the constructor's immutables and no storage."""
        code = self.rpc.call("eth_getCode", self.deploy(contract, *arguments), "latest")
        self.rpc.call("anvil_setCode", address, code)

    def call(self, contract: str, signature: str, *arguments: Any) -> None:
        """Call at once."""
        self.outbox.call(contract, signature, *arguments, gas=GAS)
        self.outbox.send()

    def send(self, contract: str, data: bytes) -> None:
        """Call at once, with these bytes."""
        message = {"from": self.owner, "to": contract, "data": f"0x{data.hex()}"}
        tx_hash = self.rpc.call("eth_sendTransaction", message)
        self.rpc.call("evm_mine")
        assert self.rpc.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"
        self.outbox = Outbox.of(self.rpc, self.owner)


def _artifact(contract: str) -> Artifact:
    if contract == "Token":
        return load_artifact(FIXED_SUPPLY_TOKEN)
    return compiled(_FILE, contract)


def deploy_bridge(l1: DevnetRpc, l2: DevnetRpc) -> str:
    """Everything on both chains; the address of a token of L1, all of it the owner's."""
    here, there = Place(l1), Place(l2)
    standard = there.deploy("ScrollStandardERC20")
    factory = there.deploy("ScrollStandardERC20Factory", standard)
    _put_l2(there, factory)
    _put_l1(here, standard, factory)
    return here.deploy("Token", "A token with a name of some length", "TOKEN", 10**30, here.owner)


def limit_gas(rpc: DevnetRpc, most: int) -> None:
    """Have L1 take no messages of more gas."""
    function = "updateMessageQueueParameters((uint32,uint112,uint112))"
    data = keccak(text=function)[:4] + encode(["uint256"] * 3, (most, OVERHEAD, SCALAR))
    Place(rpc).send(CONFIG, data)


def _put_l1(place: Place, standard: str, factory: str) -> None:
    router, messenger = official(L1, "l1_gateway_router"), official(L1, "l1_messenger")
    queue, rollup = official(L1, "l1_message_queue"), official(L1, "scroll_chain")
    l2_messenger = official(L2, "l2_messenger")
    config = CONFIG
    put, call = place.put, place.call
    put(QUEUE_V1, "RetiredMessageQueue")
    put(rollup, "ProvenRollup")
    put(config, "SystemConfig")
    initialize = "initialize(address,address,(uint32,uint112,uint112),(uint24,uint24))"
    # The numbers of its tuples stand one after the other, as if there were none.
    values = (place.owner, place.owner, MOST_MESSAGE_GAS, OVERHEAD, SCALAR, 0, 0)
    kinds = ["address", "address", *["uint256"] * 5]
    place.send(config, keccak(text=initialize)[:4] + encode(kinds, values))
    put(queue, "L1MessageQueueV2", messenger, rollup, ENFORCED, QUEUE_V1, config)
    call(queue, "initialize()")
    put(messenger, "L1ScrollMessenger", l2_messenger, rollup, QUEUE_V1, queue, ENFORCED)
    call(messenger, f"initialize({_addresses(4)})", l2_messenger, FEE_VAULT, rollup, queue)
    # What others deposited before.
    place.rpc.call("anvil_setBalance", messenger, hex(10**24))
    ends = (L2_ETH_GATEWAY, router, messenger)
    put(L1_ETH_GATEWAY, "L1ETHGateway", *ends)
    call(L1_ETH_GATEWAY, f"initialize({_addresses(3)})", *ends)
    ends = (official(L2, "l2_standard_gateway"), router, messenger)
    put(L1_STANDARD_GATEWAY, "L1StandardERC20Gateway", *ends, standard, factory)
    call(L1_STANDARD_GATEWAY, f"initialize({_addresses(5)})", *ends, standard, factory)
    put(router, "L1GatewayRouter")
    call(router, f"initialize({_addresses(2)})", L1_ETH_GATEWAY, L1_STANDARD_GATEWAY)


def _put_l2(place: Place, factory: str) -> None:
    router, messenger = official(L2, "l2_gateway_router"), official(L2, "l2_messenger")
    gateway, put, call = official(L2, "l2_standard_gateway"), place.put, place.call
    put(L2_QUEUE, "L2MessageQueue", place.owner)
    # The owner stands behind the tree's two numbers and two lists of 40.
    owner = "0x" + place.owner[2:].rjust(64, "0")
    place.rpc.call("anvil_setStorageAt", L2_QUEUE, hex(2 + 40 + 40), owner)
    call(L2_QUEUE, "initialize(address)", messenger)
    put(L2_ORACLE, "L1GasPriceOracle", place.owner)
    put(messenger, "L2ScrollMessenger", official(L1, "l1_messenger"), L2_QUEUE)
    call(messenger, "initialize(address)", NOBODY)
    place.rpc.call("anvil_setBalance", messenger, hex(10**30))
    ends = (L1_ETH_GATEWAY, router, messenger)
    put(L2_ETH_GATEWAY, "L2ETHGateway", *ends)
    call(L2_ETH_GATEWAY, f"initialize({_addresses(3)})", *ends)
    ends = (L1_STANDARD_GATEWAY, router, messenger)
    put(gateway, "L2StandardERC20Gateway", *ends, factory)
    call(gateway, f"initialize({_addresses(4)})", *ends, factory)
    call(factory, "transferOwnership(address)", gateway)
    put(router, "L2GatewayRouter")
    call(router, f"initialize({_addresses(2)})", L2_ETH_GATEWAY, gateway)


def deploy_dollars(l1: DevnetRpc, l2: DevnetRpc) -> tuple[str, str]:
    """USDC on both chains, with gateways of its own at their official addresses."""
    places = Place(l1), Place(l2)
    dollars = places[0].deploy("FiatToken"), places[1].deploy("FiatToken")
    gateways = L1_USDC_GATEWAY, official(L2, "l2_usdc_gateway")
    for place, side, other in zip(places, (L1, L2), reversed(gateways), strict=True):
        layer = "l1" if side == L1 else "l2"
        gateway = gateways[0] if side == L1 else gateways[1]
        router = official(side, f"{layer}_gateway_router")
        ends = (other, router, official(side, f"{layer}_messenger"))
        place.put(gateway, f"{layer.upper()}USDCGateway", *dollars, *ends)
        place.call(gateway, f"initialize({_addresses(3)})", *ends)
        token = dollars[0] if side == L1 else dollars[1]
        setting = keccak(text="setERC20Gateway(address[],address[])")[:4]
        place.send(router, setting + encode(["address[]"] * 2, [[token], [gateway]]))
    return dollars


def _addresses(count: int) -> str:
    return ",".join(["address"] * count)


@contextmanager
def broken(rpc: DevnetRpc, contract: str) -> Iterator[None]:
    """A contract that refuses every call meanwhile."""
    code = rpc.call("eth_getCode", contract, "latest")
    rpc.call("anvil_setCode", contract, "0x60006000fd")
    yield
    rpc.call("anvil_setCode", contract, code)
