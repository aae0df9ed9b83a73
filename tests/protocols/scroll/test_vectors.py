"""Real transactions of Scroll's bridge: read and judged as the chains did."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from eth_utils.crypto import keccak

from protocols.actions import Call, CallReceipt, ChainReader, Context
from protocols.claims.merkle import verify_proof
from protocols.context import read_log
from protocols.scroll.claim import ABI, ROOTS, standard_leaf
from protocols.scroll.messages import RELAYED, BridgeMessage, leads_to_root, sent_messages
from protocols.scroll.sides import L1_MESSENGER_ABI, L2_MESSENGER_ABI
from protocols.scroll.withdrawals import Withdraw, WithdrawParams
from wallets.addresses import parse_address
from wallets.chain.values import hex_int

KEPT: dict[str, Any] = json.loads(
    Path(__file__).with_name("official").joinpath("transactions.json").read_text(encoding="utf-8")
)
PROVEN = ("receive_eth", "receive_erc20")


def receipt_of(name: str) -> CallReceipt:
    """The transaction as an adapter is told of it."""
    kept = KEPT[name]
    data, value = bytes.fromhex(kept["input"][2:]), hex_int(kept["value"])
    call = Call(name, parse_address(kept["to"]), data, value)
    logs = tuple(map(read_log, kept["logs"]))
    return CallReceipt(call, kept["hash"], hex_int(kept["block"]), logs)


def relayed(name: str) -> tuple[BridgeMessage, int, bytes]:
    """The message of a relay on L1, its batch and its proof."""
    decoded = L1_MESSENGER_ABI.decode_call(receipt_of(name).call.data)
    assert decoded is not None
    *terms, (batch, proof) = decoded.arguments.values()
    return BridgeMessage(*terms), batch, proof


@pytest.mark.parametrize("name", PROVEN)
def test_a_message_is_known_by_the_hash_the_messenger_logged(name: str) -> None:
    message, _, _ = relayed(name)
    said = [log.topics[1] for log in receipt_of(name).logs if log.topics[0] == RELAYED]
    assert said == [message.hash]


@pytest.mark.parametrize("name", PROVEN)
def test_a_proof_leads_to_one_root_only(name: str) -> None:
    message, _, proof = relayed(name)
    root = root_of(message, proof)
    terms: dict[str, Any] = {"root": root, "message": message.hash, "nonce": message.nonce}
    assert leads_to_root(**terms, proof=proof)
    assert not leads_to_root(**terms, proof=proof[:-32])
    assert not leads_to_root(**terms, proof=proof[:-1])
    assert not leads_to_root(**{**terms, "nonce": message.nonce + 1}, proof=proof)


def root_of(message: BridgeMessage, proof: bytes) -> bytes:
    """As WithdrawTrieVerifier.sol computes it."""
    node, nonce = message.hash, message.nonce
    for place in range(0, len(proof), 32):
        pair = (node, proof[place : place + 32])
        node = keccak(b"".join(pair if nonce % 2 == 0 else pair[::-1]))
        nonce //= 2
    return node


def test_the_message_on_scroll_is_the_one_that_was_relayed() -> None:
    receipt = receipt_of("arrival")
    decoded = L2_MESSENGER_ABI.decode_call(receipt.call.data)
    assert decoded is not None
    assert receipt.logs[0].topics[1] == BridgeMessage(*decoded.arguments.values()).hash


SENT = ("deposit_eth", "deposit_erc20", "withdraw_erc20", "withdraw_usdc")


@pytest.mark.parametrize("name", SENT)
def test_what_was_sent_is_found_in_the_receipt(name: str) -> None:
    receipt = receipt_of(name)
    (message,) = sent_messages(receipt.logs)
    assert message.value < receipt.call.value or message.value == receipt.call.value == 0


USDT_THERE = "0xf55BEC9cafDbE8730f096Aa55dad6D22d44099Df"
USDC_THERE = "0x06eFdBFf2a14a7c8E15944D1F4A48F9F95F663A4"


@pytest.mark.parametrize(
    ("name", "token", "direction", "amount"),
    [
        ("receive_eth", "", "in", 0x853A0D2313C0000),
        ("receive_erc20", "0xdAC17F958D2ee523a2206206994597C13D831ec7", "in", 0x622B39C0),
        ("withdraw_erc20", USDT_THERE, "out", 0x3B9AD1C9),
        ("withdraw_usdc", USDC_THERE, "out", int(KEPT["withdraw_usdc"]["input"][74:138], 16)),
    ],
)
def test_real_movements_are_booked(name: str, token: str, direction: str, amount: int) -> None:
    receipt = receipt_of(name)
    wallet = parse_address(KEPT[name]["from"])
    # It is read from the receipt alone: no chain is there to be asked.
    nowhere = cast("ChainReader", None)
    context = Context(1, wallet, nowhere, datetime.now(UTC), deployments={})
    params = WithdrawParams(token="native", amount=1)
    (movement,) = Withdraw().settle(context, params, receipt).movements
    assert (movement.token, movement.direction, movement.amount) == (token, direction, amount)


def test_the_root_of_the_airdrop_is_that_of_a_claim_it_paid() -> None:
    receipt = receipt_of("claim_scr")
    decoded = ABI.decode_call(receipt.call.data)
    assert decoded is not None
    account, amount, proof = decoded.arguments.values()
    root = ROOTS[receipt.call.to]
    assert verify_proof(root=root, leaf=standard_leaf(account, amount), proof=proof)
    assert not verify_proof(root=root, leaf=standard_leaf(account, amount + 1), proof=proof)
