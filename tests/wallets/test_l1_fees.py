"""The data fee of a rollup comes from its own oracle, here the real contract of the OP stack."""

import json
import random
from pathlib import Path

import pytest
from eth_abi.abi import encode
from rlp.codec import encode as encode_rlp

from tests.chains import Chain
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.chain.l1_fees import ORACLES, estimate_l1_fee
from wallets.models import Network

pytestmark = [pytest.mark.django_db]
CODE = json.loads((Path(__file__).with_name("fixtures") / "op_stack.json").read_text())
L1_BLOCK = "0x4200000000000000000000000000000000000015"
GWEI = 10**9
TRANSFER = bytes.fromhex("a9059cbb") + encode(["address", "uint256"], ["0x" + "ab" * 20, 10**30])
NOISE = random.Random(7).randbytes(3000)
CALLS = [b"", TRANSFER, NOISE[:150], b"\0" * 5000, b"\xff" * 5000, NOISE]
# Which of the flags isEcotone and isFjord are set.
UPGRADES = {"bedrock": 0x0, "ecotone": 0x1, "fjord": 0x101}


def store(chain: Chain, address: str, slot: int, value: int) -> None:
    chain.rpc.call("anvil_setStorageAt", address, hex(slot), f"0x{value:064x}")


def install(chain: Chain, oracle: str, upgrade: str = "fjord", base_fee: int = 20 * GWEI) -> None:
    """The oracle and the contract it reads L1's fees from, as after the upgrade."""
    chain.rpc.call("anvil_setCode", oracle, CODE["GasPriceOracle"])
    chain.rpc.call("anvil_setCode", L1_BLOCK, CODE["L1Block"])
    store(chain, oracle, 0, UPGRADES[upgrade])
    store(chain, L1_BLOCK, 1, base_fee)
    # The scalars that OP Mainnet has: blob base fee 801,949, base fee 5,227.
    store(chain, L1_BLOCK, 3, 801_949 << 64 | 5_227 << 96)
    store(chain, L1_BLOCK, 5, 188)
    store(chain, L1_BLOCK, 6, 684_000)
    store(chain, L1_BLOCK, 7, GWEI)


def whole(data: bytes) -> bytes:
    """A transaction with the data, unsigned, as the oracle's documentation wants it."""
    fees, gas, value = [1_234_567, 987_654_321], 187_337, 123_456_789_012_345_678
    fields = [10, 7_041, *fees, gas, NOISE[-20:], value, data, []]
    encoded: bytes = encode_rlp(fields)  # type: ignore[no-untyped-call]
    return b"\x02" + encoded


def oracles_word(chain: Chain, oracle: str, transaction: bytes) -> int:
    data = bytes.fromhex("49948e0e") + encode(["bytes"], [transaction])
    return int(chain.rpc.call("eth_call", {"to": oracle, "data": "0x" + data.hex()}, "latest"), 16)


@pytest.mark.parametrize("model", ORACLES)
def test_the_oracle_of_the_network_is_asked(network: Network, chain: Chain, model: str) -> None:
    network.l1_fee_model = model
    install(chain, ORACLES[Network.L1FeeModel(model)])
    assert estimate_l1_fee(NetworkClient(network), TRANSFER) > 0


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize(
    "data", CALLS, ids=["empty", "transfer", "short", "zeros", "ones", "noise"]
)
def test_the_estimate_covers_the_whole_transaction_and_not_much_more(
    network: Network, chain: Chain, data: bytes, upgrade: str
) -> None:
    network.l1_fee_model = "op_stack"
    oracle = ORACLES[Network.L1FeeModel.OP_STACK]
    install(chain, oracle, upgrade)
    fee = oracles_word(chain, oracle, whole(data))
    assert fee * 5 // 4 <= estimate_l1_fee(NetworkClient(network), data) <= fee * 4


def test_more_data_costs_more(network: Network, chain: Chain) -> None:
    network.l1_fee_model = "op_stack"
    install(chain, ORACLES[Network.L1FeeModel.OP_STACK])
    client = NetworkClient(network)
    assert estimate_l1_fee(client, NOISE) > 3 * estimate_l1_fee(client, TRANSFER)


def test_a_dearer_l1_costs_more(network: Network, chain: Chain) -> None:
    network.l1_fee_model = "op_stack"
    oracle = ORACLES[Network.L1FeeModel.OP_STACK]
    fees = []
    for base_fee in (10 * GWEI, 100 * GWEI):
        install(chain, oracle, base_fee=base_fee)
        fees.append(estimate_l1_fee(NetworkClient(network), TRANSFER))
    assert fees[1] > 2 * fees[0]


@pytest.mark.parametrize("model", ["none", "zksync"])
def test_where_it_is_inside_the_gas_nobody_is_asked(network: Network, model: str) -> None:
    network.l1_fee_model = model
    assert estimate_l1_fee(NetworkClient(network), TRANSFER) == 0


def test_without_an_oracle_the_fee_is_unknown_not_zero(network: Network) -> None:
    network.l1_fee_model = "scroll"
    with pytest.raises(RpcUnavailable, match="Devnet L1 has no L1 fee oracle at 0x5300"):
        estimate_l1_fee(NetworkClient(network), TRANSFER)
