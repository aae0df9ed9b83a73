"""The data fee of a rollup comes from its own oracle, here the real contract of the OP stack."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from rlp.codec import encode as encode_rlp

from tests.chains import Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.rpc_servers import Item, RpcServer, prefer, refusing, serve
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError, RpcUnavailable
from wallets.chain.l1_fees import ORACLES, estimate_l1_fee, estimate_l1_fees, fee_beside_gas
from wallets.models import Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.transactions.operator import cancel_transaction, speed_up_transaction
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db]
CODE = json.loads((Path(__file__).with_name("fixtures") / "op_stack.json").read_text())
L1_BLOCK = "0x4200000000000000000000000000000000000015"
GWEI = 10**9
GAS = 100_000
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
    encoded: bytes = encode_rlp(fields)
    return b"\x02" + encoded


def oracles_word(chain: Chain, oracle: str, transaction: bytes) -> int:
    data = bytes.fromhex("49948e0e") + encode(["bytes"], [transaction])
    return int(chain.rpc.call("eth_call", {"to": oracle, "data": "0x" + data.hex()}, "latest"), 16)


@pytest.mark.parametrize("model", ORACLES)
def test_the_oracle_of_the_network_is_asked(network: Network, chain: Chain, model: str) -> None:
    network.l1_fee_model = model
    install(chain, ORACLES[Network.L1FeeModel(model)])
    assert estimate_l1_fee(NetworkClient(network), TRANSFER, GAS) > 0


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
    assert fee * 5 // 4 <= estimate_l1_fee(NetworkClient(network), data, GAS) <= fee * 4


def test_more_data_costs_more(network: Network, chain: Chain) -> None:
    network.l1_fee_model = "op_stack"
    install(chain, ORACLES[Network.L1FeeModel.OP_STACK])
    client = NetworkClient(network)
    assert estimate_l1_fee(client, NOISE, GAS) > 3 * estimate_l1_fee(client, TRANSFER, GAS)


def test_a_dearer_l1_costs_more(network: Network, chain: Chain) -> None:
    network.l1_fee_model = "op_stack"
    oracle = ORACLES[Network.L1FeeModel.OP_STACK]
    fees = []
    for base_fee in (10 * GWEI, 100 * GWEI):
        install(chain, oracle, base_fee=base_fee)
        fees.append(estimate_l1_fee(NetworkClient(network), TRANSFER, GAS))
    assert fees[1] > 2 * fees[0]


@pytest.mark.parametrize("model", ["none", "zksync"])
def test_where_it_is_inside_the_gas_nobody_is_asked(network: Network, model: str) -> None:
    network.l1_fee_model = model
    assert estimate_l1_fee(NetworkClient(network), TRANSFER, GAS) == 0


def test_without_an_oracle_the_fee_is_unknown_not_zero(network: Network) -> None:
    network.l1_fee_model = "scroll"
    with pytest.raises(RpcUnavailable, match="Devnet L1 has no L1 fee oracle at 0x5300"):
        estimate_l1_fee(NetworkClient(network), TRANSFER, GAS)


@pytest.fixture
def isthmus(network: Network, chain: Chain) -> Iterator[RpcServer]:
    """An OP-stack node whose operator takes 5 wei per gas, and 7 gwei for each transaction.

    No package publishes the oracle's code with that answer: it is given at the wire.
    """
    Network.objects.update(l1_fee_model="op_stack")
    network.refresh_from_db()
    install(chain, ORACLES[Network.L1FeeModel.OP_STACK])
    with serve(chain.url) as running:
        RpcEndpoint.objects.update(can_read=False)
        prefer(network, running, can_send=False)
        running.tamper = takes_operator_fee
        yield running


def takes_operator_fee(asked: Item, answer: Item) -> Item:
    if asked["method"] == "eth_call" and asked["params"][0]["data"].startswith("0x275aedd2"):
        gas = int(asked["params"][0]["data"][10:], 16)
        return {"id": asked["id"], "result": f"0x{gas * 5 + 7 * GWEI:064x}"}
    return answer


def test_the_operators_fee_for_the_whole_gas_limit_is_counted(
    network: Network, isthmus: RpcServer
) -> None:
    client = NetworkClient(network)
    with_fee = estimate_l1_fee(client, TRANSFER, GAS)
    isthmus.tamper = lambda _asked, answer: answer
    assert with_fee == estimate_l1_fee(client, TRANSFER, GAS) + GAS * 5 + 7 * GWEI


def test_an_oracle_that_cannot_tell_the_operators_fee_is_no_answer(
    network: Network, isthmus: RpcServer
) -> None:
    isthmus.tamper = refusing("eth_call", "internal error")
    with pytest.raises(ChainError, match="internal error"):
        estimate_l1_fee(NetworkClient(network), TRANSFER, GAS)


def test_many_are_estimated_with_one_request(network: Network, isthmus: RpcServer) -> None:
    client = NetworkClient(network)
    calls = [(TRANSFER, GAS), (NOISE, 2 * GAS), (b"", 21_000)]
    one_by_one = [estimate_l1_fee(client, *call) for call in calls]
    isthmus.bodies.clear()
    assert estimate_l1_fees(client, calls) == one_by_one
    assert [len(body) for body in isthmus.bodies] == [6]
    assert estimate_l1_fees(client, []) == []


@pytest.mark.parametrize(
    ("fields", "fee"),
    [
        ({}, 0),
        ({"l1Fee": "0x7"}, 7),
        ({"l1Fee": "0x7", "operatorFeeScalar": None}, 7),
        ({"operatorFeeScalar": hex(5_000_000), "operatorFeeConstant": hex(7 * GWEI)}, 7 * GWEI + 5),
        ({"operatorFeeScalar": "0xf423f"}, 0),
        ({"l1Fee": "0x1", "operatorFeeScalar": "0x3", "daFootprintGasScalar": "0x138"}, 301),
    ],
)
def test_what_a_receipt_says_was_taken_beside_the_gas(fields: dict[str, Any], fee: int) -> None:
    assert fee_beside_gas(fields, gas_used=1) == fee


@pytest.mark.parametrize("kind", ["original", "bump", "cancel"])
def test_every_attempt_has_an_estimate_of_its_own(
    network: Network,
    isthmus: RpcServer,
    chain: Chain,
    wallet: Wallet,
    other_wallet: Wallet,
    kind: str,
) -> None:
    row = ticked(transfer(wallet, network, other_wallet.address))
    install(chain, ORACLES[Network.L1FeeModel.OP_STACK], base_fee=200 * GWEI)
    if kind == "bump":
        speed_up_transaction(transaction_id=row.pk, actor="test")
    elif kind == "cancel":
        cancel_transaction(transaction_id=row.pk, actor="test", reason="not wanted")
    ticked(row)
    original, newest = row.attempts.get(kind="original"), row.attempts.get(kind=kind)
    assert original.l1_fee_estimate > 0
    # What L1 asks now, ten times as much for the data, not what it asked for the first.
    expected = estimate_l1_fee(NetworkClient(network), b"", newest.gas_limit)
    assert newest.l1_fee_estimate == (original.l1_fee_estimate if newest == original else expected)
    assert (newest.l1_fee_estimate > original.l1_fee_estimate) == (kind != "original")


def test_a_filler_holds_back_its_data_fee_too(
    network: Network, isthmus: RpcServer, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    lane = NonceLane.objects.get(pk=ticked(transfer(wallet, network, other_wallet.address)).lane_id)
    ticked(transfer(wallet, network, other_wallet.address, key="t:2"))
    chain.rpc.call("anvil_dropTransaction", lane.transactions.get(nonce=0).attempts.get().hash)
    Transaction.objects.filter(nonce=0).update(state="voided")
    tick(lane.pk)
    filler = Transaction.objects.get(action="filler")
    attempt = filler.attempts.get()
    assert attempt.l1_fee_estimate > 7 * GWEI
    most = attempt.gas_limit * attempt.max_fee_per_gas + attempt.l1_fee_estimate
    assert filler.reserved_amount == most
