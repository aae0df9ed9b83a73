"""The calldata of every call is what viem makes of the official ABI, and reads back to the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from protocols.actions import Call
from protocols.scroll.claim import ABI as CLAIM_ABI
from protocols.scroll.deposits import replay_call
from protocols.scroll.messages import BridgeMessage
from protocols.scroll.sides import L1_MESSENGER_ABI, L1_ROUTER_ABI, L2_ROUTER_ABI
from protocols.scroll.withdrawals import relay_call
from tests.protocols.encoder import OfficialCall, encode_officially, official_abi, plain
from tests.protocols.operators import ETHER
from tests.protocols.scroll.bridge import Bridge, Traveller

pytestmark = pytest.mark.django_db

OFFICIAL = official_abi(Path(__file__).with_name("official"), "bridge")
SETS = 24
AMOUNTS = st.integers(1, ETHER)
GAS = st.integers(100_000, 2_000_000)
BATCH = settings(
    max_examples=1,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def several(**terms: Any) -> Any:
    """Many sets of terms, for one process of the other encoder."""
    return st.lists(st.fixed_dictionaries(terms), min_size=SETS, max_size=SETS)


def last(traveller: Traveller, action: str, **params: Any) -> bytes:
    """The calldata of the call that crosses."""
    side = traveller.l1 if action == "deposit" else traveller.l2
    steps = side.plan(action, protocol="scroll", **params).steps
    return [step for step in steps if isinstance(step, Call)][-1].data


def agree(ours: list[bytes], theirs: Sequence[OfficialCall], abi: Any) -> None:
    """Both encoders say the same, and ours reads it back."""
    assert ours == encode_officially(theirs)
    for data, (_, arguments) in zip(ours, theirs, strict=True):
        decoded = abi.decode_call(data)
        assert decoded is not None
        assert plain(list(decoded.arguments.values())) == plain(list(arguments))


@BATCH
@given(sets=several(amount=AMOUNTS, gas_limit=GAS))
def test_deposits_of_native_coin(traveller: Traveller, sets: list[dict[str, int]]) -> None:
    ours = [last(traveller, "deposit", token="native", **one) for one in sets]
    theirs = [(OFFICIAL["depositETH"], list(one.values())) for one in sets]
    agree(ours, theirs, L1_ROUTER_ABI)


@BATCH
@given(sets=several(amount=AMOUNTS, gas_limit=GAS))
def test_deposits_of_tokens(
    traveller: Traveller, bridge: Bridge, sets: list[dict[str, int]]
) -> None:
    ours = [last(traveller, "deposit", token=bridge.token, **one) for one in sets]
    theirs = [(OFFICIAL["depositERC20"], [bridge.token, *one.values()]) for one in sets]
    agree(ours, theirs, L1_ROUTER_ABI)


@BATCH
@given(sets=several(amount=AMOUNTS))
def test_withdrawals_of_native_coin(traveller: Traveller, sets: list[dict[str, int]]) -> None:
    ours = [last(traveller, "withdraw", token="native", **one) for one in sets]
    agree(ours, [(OFFICIAL["withdrawETH"], [one["amount"], 0]) for one in sets], L2_ROUTER_ABI)


@BATCH
@given(sets=several(amount=AMOUNTS))
def test_withdrawals_of_tokens(
    traveller: Traveller, bridge: Bridge, twin: str, sets: list[dict[str, int]]
) -> None:
    ours = [last(traveller, "withdraw", token=twin, **one) for one in sets]
    theirs = [(OFFICIAL["withdrawERC20"], [twin, one["amount"], 0]) for one in sets]
    agree(ours, theirs, L2_ROUTER_ABI)


ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: f"0x{raw.hex()}")
HASHES = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(0, 2**256 - 1)
MESSAGES: dict[str, Any] = {
    "sender": ADDRESSES,
    "target": ADDRESSES,
    "value": NUMBERS,
    "nonce": NUMBERS,
    "data": st.binary(max_size=300),
}


def checksummed(one: dict[str, Any]) -> dict[str, Any]:
    """The terms with addresses as both sides write them."""
    return {**one, **{end: to_checksum_address(one[end]) for end in ("sender", "target")}}


@BATCH
@given(sets=several(**MESSAGES, batch=NUMBERS, proof=st.binary(max_size=40).map(lambda b: b * 32)))
def test_relays_with_proof(traveller: Traveller, sets: list[dict[str, Any]]) -> None:
    ours, theirs = [], []
    for one in map(checksummed, sets):
        proof = (one.pop("batch"), one.pop("proof"))
        ours.append(relay_call(traveller.l1.context("scroll"), BridgeMessage(**one), proof).data)
        theirs.append((OFFICIAL["relayMessageWithProof"], [*one.values(), proof]))
    agree(ours, theirs, L1_MESSENGER_ABI)


@BATCH
@given(sets=several(**MESSAGES, gas=GAS))
def test_replays(traveller: Traveller, sets: list[dict[str, Any]]) -> None:
    ours, theirs = [], []
    for one in map(checksummed, sets):
        gas = one.pop("gas")
        ours.append(replay_call(traveller.l1.context("scroll"), BridgeMessage(**one), gas).data)
        terms = [*one.values(), gas, traveller.l1.address]
        theirs.append((OFFICIAL["replayMessage"], terms))
    agree(ours, theirs, L1_MESSENGER_ABI)


@BATCH
@given(
    sets=several(account=ADDRESSES, amount=NUMBERS, proof=st.lists(HASHES, max_size=20)),
)
def test_claims(sets: list[dict[str, Any]]) -> None:
    terms = [{**one, "account": to_checksum_address(one["account"])} for one in sets]
    ours = [CLAIM_ABI.function("claim").encode(*one.values()) for one in terms]
    agree(ours, [(OFFICIAL["claim"], list(one.values())) for one in terms], CLAIM_ABI)
