"""Messages between the two sides: their hash, where they were sent, and the proof of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import batched

from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from protocols.actions import CallReceipt, Context, FoundLog, Log, PlanError, Progress
from protocols.context import read_log
from protocols.scroll.sides import L1_MESSENGER_ABI, L2_MESSENGER_ABI
from wallets.addresses import parse_address

_SENT = L1_MESSENGER_ABI.event("SentMessage")
RELAYED, FAILED = (L1_MESSENGER_ABI.event(f"{name}RelayedMessage").topic for name in ("", "Failed"))
# What public nodes look through at once.
MOST_BLOCKS = 10_000


@dataclass(frozen=True, slots=True)
class BridgeMessage:
    """What the messenger of one side tells that of the other to do."""

    sender: ChecksumAddress
    target: ChecksumAddress
    value: int
    nonce: int
    data: bytes
    gas_limit: int = 0

    @property
    def terms(self) -> tuple[ChecksumAddress, ChecksumAddress, int, int, bytes]:
        """The arguments in which it is relayed, on both sides."""
        return self.sender, self.target, self.value, self.nonce, self.data

    @property
    def hash(self) -> bytes:
        """What both messengers know it by."""
        return keccak(L2_MESSENGER_ABI.function("relayMessage").encode(*self.terms))


def sent_messages(
    logs: Iterable[Log], messenger: ChecksumAddress | None = None
) -> list[BridgeMessage]:
    """The messages that were sent, by any messenger where none is named."""
    return [
        BridgeMessage(
            sender=said["sender"],
            target=said["target"],
            value=said["value"],
            nonce=said["messageNonce"],
            data=said["message"],
            gas_limit=said["gasLimit"],
        )
        for log in logs
        if (said := _SENT.decode(log)) and messenger in (None, log.address)
    ]


def own_message(progress: Progress, messenger: ChecksumAddress) -> BridgeMessage:
    """The one message a run sent; PlanError where its receipts have none, or several."""
    receipts: Iterable[CallReceipt] = progress.receipts()
    found = [one for receipt in receipts for one in sent_messages(receipt.logs, messenger)]
    if len(found) != 1:
        raise PlanError(
            f"the run's receipts have {len(found)} messages of {messenger}, one was expected; "
            "look at its transactions before anything else is sent"
        )
    return found[0]


def message_sent_in(ctx: Context, messenger: ChecksumAddress, tx_hash: str) -> BridgeMessage:
    """The one message that a transaction of the wallet sent; PlanError where it did not."""
    receipt = ctx.chain.receipt(tx_hash)
    if receipt is None:
        raise PlanError(f"chain {ctx.chain_id} has no transaction {tx_hash}; look it up again")
    if parse_address(receipt["from"]) != ctx.wallet:
        raise PlanError(f"{tx_hash} was sent by {receipt['from']}, not by {ctx.wallet}")
    found = sent_messages(map(read_log, receipt["logs"]), messenger)
    if len(found) != 1:
        raise PlanError(f"{tx_hash} sent {len(found)} messages over Scroll's bridge, not one")
    return found[0]


def find_outcomes(
    ctx: Context, messenger: ChecksumAddress, message: bytes, outcome: bytes, from_block: int
) -> list[FoundLog]:
    """The times a messenger logged this outcome of a message, oldest first."""
    found: list[FoundLog] = []
    latest = ctx.chain.block_number()
    for first in range(from_block, latest + 1, MOST_BLOCKS):
        last = min(first + MOST_BLOCKS - 1, latest)
        topics = (outcome, message)
        found += ctx.chain.logs(messenger, topics, from_block=first, to_block=last)
    return found


def leads_to_root(*, root: bytes, message: bytes, nonce: int, proof: bytes) -> bool:
    """Whether a proof leads from a message to a withdraw root, as WithdrawTrieVerifier sees it."""
    if len(proof) % 32:
        return False
    node = message
    for sibling in map(bytes, batched(proof, 32)):
        node = keccak(sibling + node if nonce % 2 else node + sibling)
        nonce //= 2
    # What is left of the nonce would be the place in a deeper tree than the proof is of.
    return nonce == 0 and node == root
