"""Why a simulated call would fail is told in words, whatever the contract returned."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_utils.abi import function_signature_to_4byte_selector
from hypothesis import given
from hypothesis import strategies as st

from airdrops_site.devnet.outbox import encode_call
from tests.chains import Chain
from tests.market import ALICE, BOB, Market
from wallets.chain.client import NetworkClient
from wallets.chain.codec import CODEC
from wallets.chain.errors import RpcError
from wallets.chain.reverts import (
    KnownError,
    explain_revert,
    register_errors,
    revert_data,
    revert_reason,
)
from wallets.models import Network

pytestmark = [pytest.mark.django_db, pytest.mark.db]

ANYBODY = "0x" + "12" * 20
HUGE = 2**256 - 1


def payload(signature: str, *arguments: Any) -> bytes:
    """What a contract returns with such an error."""
    kinds = signature.partition("(")[2].removesuffix(")")
    types = kinds.split(",") if kinds else []
    return function_signature_to_4byte_selector(signature) + CODEC.encode(types, arguments)


@pytest.fixture
def reason_of(network: Network, chain: Chain) -> Any:
    """What is told of a contract that reverts with these bytes, asked of a real node."""

    def ask(returned: bytes) -> str:
        # CODECOPY what follows these 12 bytes to memory, and REVERT with it.
        code = b"\x61" + len(returned).to_bytes(2) + bytes.fromhex("80600c6000396000fd") + returned
        chain.rpc.call("anvil_setCode", ANYBODY, "0x" + code.hex())
        client = NetworkClient(network)
        call = {"to": ANYBODY, "data": "0x01020304"}
        answer = client.read_many([("eth_call", [call, "latest"])])[0]
        assert isinstance(answer, RpcError)
        return revert_reason(answer)

    return ask


@pytest.mark.parametrize(
    ("signature", "arguments", "told"),
    [
        ("Error(string)", ["not today"], "the contract says “not today”"),
        ("Panic(uint256)", [0x12], "a division by zero (panic 0x12)"),
        ("Panic(uint256)", [0x77], "an unknown panic (panic 0x77)"),
        (
            "ERC20InsufficientBalance(address,uint256,uint256)",
            [ANYBODY, 3, 5],
            f"the contract says ERC20InsufficientBalance(sender: {ANYBODY}, balance: 3, needed: 5)",
        ),
        ("AlreadyClaimed()", [], "the contract says AlreadyClaimed()"),
        ("Nobody(uint256)", [1], "custom error 0xd2a2ffe4, which no ABI known here explains"),
    ],
)
def test_what_a_contract_returns_is_told_in_words(
    reason_of: Any, signature: str, arguments: list[Any], told: str
) -> None:
    assert reason_of(payload(signature, *arguments)) == told.replace(
        "0xd2a2ffe4", "0x" + function_signature_to_4byte_selector("Nobody(uint256)").hex()
    )


def test_a_contract_that_says_nothing_gives_no_reason(reason_of: Any) -> None:
    assert reason_of(b"") == "the contract gives no reason"
    assert reason_of(b"\x01\x02") == "the contract says 0x0102, which is no error"


def test_words_of_a_contract_are_shortened_and_cleaned(reason_of: Any) -> None:
    told = reason_of(payload("Error(string)", "a\nb\x1b[31m" + 500 * "c"))
    assert told.startswith("the contract says “a b [31mccc")
    assert told.endswith("c…”")
    assert len(told) < 230


def test_an_error_that_does_not_decode_is_not_explained(reason_of: Any) -> None:
    told = reason_of(payload("Error(string)", "x")[:-33])
    assert told == "custom error 0x08c379a0, which no ABI known here explains"


@pytest.mark.parametrize(
    ("name", "signature", "arguments", "told"),
    [
        (
            "USDC",
            "transfer(address,uint256)",
            (BOB.address, HUGE),
            "the contract says “ERC20: transfer amount exceeds balance”",
        ),
        ("WETH", "withdraw(uint256)", (HUGE,), "the contract gives no reason"),
    ],
)
def test_real_contracts_are_understood(
    devnet: Network, market: Market, name: str, signature: str, arguments: Any, told: str
) -> None:
    contract = market.manifest.l2.token(name).contract.address
    call = {"from": ALICE.address, "to": contract, "data": encode_call(signature, *arguments)}
    answer = NetworkClient(devnet).read_many([("eth_estimateGas", [call])])[0]
    assert isinstance(answer, RpcError)
    assert revert_reason(answer) == told


def test_a_panic_of_a_real_contract_is_understood(devnet: Network, market: Market) -> None:
    token, owner = market.manifest.l2.token("GOV").contract.address, market.manifest.l2.treasury
    grow = encode_call("increaseAllowance(address,uint256)", BOB.address, HUGE)
    message = {"from": owner, "to": token, "data": grow, "gas": hex(100_000)}
    market.rpc.call("eth_sendTransaction", message)
    market.rpc.call("evm_mine")
    answer = NetworkClient(devnet).read_many([("eth_call", [message, "latest"])])[0]
    assert isinstance(answer, RpcError)
    assert revert_reason(answer).endswith("(panic 0x11)")


@pytest.mark.parametrize("data", ["0x0102", {"data": "0x0102"}, "Reverted 0x0102", "0102"], ids=str)
def test_nodes_put_the_bytes_in_different_places(data: object) -> None:
    assert revert_data(RpcError(3, "execution reverted", data)) == b"\x01\x02"


@pytest.mark.parametrize("data", [None, "0x", "nonsense", {"data": None}, {}], ids=str)
def test_where_there_are_no_bytes_the_nodes_text_is_told(data: object) -> None:
    told = revert_reason(RpcError(3, "execution reverted: TransferHelper", data))
    assert told == "the node says “execution reverted: TransferHelper”"
    assert revert_reason(RpcError(3, "execution reverted", data)) == "the contract gives no reason"


@pytest.fixture
def own_errors() -> Iterator[None]:
    """Two errors whose selectors are the same."""
    errors = [KnownError("Low(uint8)", ("percent",)), KnownError("Low(uint8)", ("bps",))]
    register_errors("test", lambda: errors)
    yield
    register_errors("test", list)


def test_errors_of_a_further_source_are_known(own_errors: None) -> None:
    told = explain_revert(payload("Low(uint8)", 7))
    assert told == "the contract says Low(percent: 7)"


@given(data=st.binary(max_size=150))
def test_no_bytes_break_the_explanation(data: bytes) -> None:
    for start in (b"", bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")):
        assert explain_revert(start + data)
