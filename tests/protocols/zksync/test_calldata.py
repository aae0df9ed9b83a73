"""The calldata of every action is, byte for byte, what viem makes of it over the official ABI."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airdrops_site.devnet.outbox import encode_call
from protocols.abi import load_abi
from protocols.actions import Call, Done, Progress, Wait
from protocols.plans import Plan
from protocols.zksync import finalising, recovering
from protocols.zksync.contracts import BRIDGEHUB_ABI
from tests.protocols.zksync.chains import L1, L2, PLACES, make_coin
from tests.protocols.zksync.conftest import register
from tests.protocols.zksync.crossing import Traveller
from tests.protocols.zksync.era import send_as
from tests.protocols.zksync.viem import asset_id, burned, viem_encodes
from wallets.addresses import parse_address

pytestmark = [pytest.mark.django_db]

SETS = 20
ABI_OF = {
    "IBridgehub": "bridgehub",
    "IL1Nullifier": "l1_nullifier",
    "IEthToken": "l2_base_token",
    "IL2AssetRouter": "l2_asset_router",
}
MOST = 2**90
amounts = st.lists(st.integers(1, MOST), min_size=SETS, max_size=SETS, unique=True)
hashes = st.binary(min_size=32, max_size=32)
places = st.lists(
    st.fixed_dictionaries(
        {
            "batch": st.integers(0, 2**40),
            "index": st.integers(0, 2**14 - 1),
            "tx_number": st.integers(0, 2**16 - 1),
            "proof": st.lists(hashes.map(lambda one: f"0x{one.hex()}"), max_size=40),
        }
    ),
    min_size=SETS,
    max_size=SETS,
)
once = settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def rich(traveller: Traveller) -> Traveller:
    """A wallet that can pay anything."""
    traveller.chains.fund(traveller.address, 2**100)
    return traveller


def last_call(plan: Plan) -> Call:
    """The call that is not an allowance."""
    return [step for step in plan.steps if isinstance(step, Call)][-1]


def same(calls: list[Call], expected: list[dict[str, Any]]) -> None:
    """Both encoders agree, and our decoder gives back what was put in."""
    assert [call.data for call in calls] == viem_encodes(expected)
    assert len(calls) == SETS
    abi = load_abi("protocols.zksync", ABI_OF[expected[0]["abi"]])
    for call in calls:
        decoded = abi.decode_call(call.data)
        assert decoded is not None
        function = abi.function(decoded.signature.partition("(")[0])
        assert function.encode(*decoded.arguments.values()) == call.data


def base_cost(who: Traveller, call: Call, amount: int) -> tuple[int, int]:
    """The value and the gas limit of a deposit; the value is what the bridge asks."""
    decoded = BRIDGEHUB_ABI.decode_call(call.data)
    assert decoded is not None
    gas_limit = decoded.arguments["_request"][5 if "Direct" in decoded.signature else 3]
    price = 5 * int(who.chains.l1.call("eth_gasPrice"), 16) // 2
    question = encode_call(
        "l2TransactionBaseCost(uint256,uint256,uint256,uint256)", L2, price, gas_limit, 800
    )
    hub = {"to": PLACES["L1", "Bridgehub"], "data": question}
    cost = int(who.chains.l1.call("eth_call", hub, "latest"), 16)
    assert call.value == amount + cost
    return call.value, gas_limit


@once
@given(drawn=amounts)
def test_deposits_of_ether(rich: Traveller, drawn: list[int]) -> None:
    calls = [last_call(rich.plan(L1, "deposit", amount=str(one))) for one in drawn]
    expected = []
    for call, amount in zip(calls, drawn, strict=True):
        value, gas_limit = base_cost(rich, call, amount)
        request = {
            "chainId": str(L2),
            "mintValue": str(value),
            "l2Contract": rich.address,
            "l2Value": str(amount),
            "l2Calldata": "0x",
            "l2GasLimit": str(gas_limit),
            "l2GasPerPubdataByteLimit": "800",
            "factoryDeps": [],
            "refundRecipient": rich.address,
        }
        call_ = {"abi": "IBridgehub", "name": "requestL2TransactionDirect", "args": [request]}
        expected.append(call_)
    same(calls, expected)


@once
@given(drawn=amounts)
def test_deposits_of_tokens(rich: Traveller, drawn: list[int]) -> None:
    coin = register(rich.networks[L1], make_coin(rich.chains.l1, rich.address, MOST))
    calls = [
        last_call(rich.plan(L1, "deposit-token", token=coin, amount=str(one))) for one in drawn
    ]
    expected = []
    for call, amount in zip(calls, drawn, strict=True):
        value, gas_limit = base_cost(rich, call, 0)
        inner = [asset_id(L1, coin), burned(amount, rich.address, coin)]
        request = {
            "chainId": str(L2),
            "mintValue": str(value),
            "l2Value": "0",
            "l2GasLimit": str(gas_limit),
            "l2GasPerPubdataByteLimit": "800",
            "refundRecipient": rich.address,
            "secondBridgeAddress": PLACES["L1", "AssetRouter"],
            "secondBridgeValue": "0",
            "secondBridgeCalldata": {"encode": [["bytes32", "bytes"], inner], "prefix": "0x01"},
        }
        name = "requestL2TransactionTwoBridges"
        expected.append({"abi": "IBridgehub", "name": name, "args": [request]})
    same(calls, expected)


@once
@given(drawn=amounts)
def test_withdrawals_of_ether(rich: Traveller, drawn: list[int]) -> None:
    calls = [last_call(rich.plan(L2, "withdraw", amount=str(one))) for one in drawn]
    assert [call.value for call in calls] == drawn
    same(calls, [{"abi": "IEthToken", "name": "withdraw", "args": [rich.address]}] * SETS)


@once
@given(drawn=amounts)
def test_withdrawals_of_tokens(rich: Traveller, drawn: list[int]) -> None:
    coin = register(rich.networks[L2], make_coin(rich.chains.l2, rich.address, MOST))
    calls = [
        last_call(rich.plan(L2, "withdraw-token", token=coin, amount=str(one))) for one in drawn
    ]
    args = [[asset_id(L2, coin), burned(one, rich.address, coin)] for one in drawn]
    same(calls, [{"abi": "IL2AssetRouter", "name": "withdraw", "args": one} for one in args])


def found(condition: str, kept: dict[str, Any]) -> Progress:
    """A run whose last step was a wait that found this."""
    return Progress((Done(Wait("a wait", condition), found=kept),))


@once
@given(drawn=places, amount=st.integers(1, MOST))
def test_finalisations(rich: Traveller, drawn: list[dict[str, Any]], amount: int) -> None:
    message = "0x6c0960f9" + rich.address[2:].lower() + f"{amount:064x}"
    sender = PLACES["L2", "BaseToken"]
    context = rich.context(L2)
    calls, expected = [], []
    for one in drawn:
        kept = {"sender": sender, "message": message, **one}
        (call,) = finalising.plan_finalisation(context, found(finalising.PROVABLE, kept))
        assert isinstance(call, Call)
        assert call.chain_id == L1
        calls.append(call)
        told = {
            "chainId": str(L2),
            "l2BatchNumber": str(one["batch"]),
            "l2MessageIndex": str(one["index"]),
            "l2Sender": sender,
            "l2TxNumberInBatch": one["tx_number"],
            "message": message,
            "merkleProof": one["proof"],
        }
        expected.append({"abi": "IL1Nullifier", "name": "finalizeDeposit", "args": [told]})
    same(calls, expected)


@once
@given(drawn=places, sums=amounts, keys=st.lists(hashes, min_size=SETS, max_size=SETS, unique=True))
def test_recoveries_of_failed_deposits(
    rich: Traveller, drawn: list[dict[str, Any]], sums: list[int], keys: list[bytes]
) -> None:
    coin = register(rich.networks[L1], make_coin(rich.chains.l1, rich.address, MOST))
    confirm = "bridgehubConfirmL2TransactionForwarded(uint256,bytes32,bytes32)"
    context, calls, expected = rich.context(L1), [], []
    for one, amount, key in zip(drawn, sums, keys, strict=True):
        data = encode_call(confirm, L2, b"\x01" * 32, key)
        send_as(rich.chains.l1, PLACES["L1", "AssetRouter"], PLACES["L1", "Nullifier"], data)
        arrival = {"tx_hash": f"0x{key.hex()}", "chain_id": L2, "succeeded": False}
        progress = Progress(
            (*found("arrival", arrival).steps, *found(recovering.FAILURE, one).steps)
        )
        calls.append(
            last_call(recovering.plan_recovery(context, parse_address(coin), amount, progress))
        )
        place = [str(one["batch"]), str(one["index"]), one["tx_number"], one["proof"]]
        asset = [asset_id(L1, coin), burned(amount, rich.address, coin)]
        args = [str(L2), rich.address, *asset, arrival["tx_hash"], *place]
        expected.append(
            {"abi": "IL1Nullifier", "name": "bridgeRecoverFailedTransfer", "args": args}
        )
    same(calls, expected)
