"""What the chain says to a watch pass: its head, receipts, the blocks that hold them, finality."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from wallets.chain.client import Block, NetworkClient, hex_int, parse_block
from wallets.chain.errors import ChainError
from wallets.models import Network, Receipt
from wallets.transactions.market import usable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain is: the newest block, and the number up to which blocks are final."""

    newest: Block
    final: int


@dataclass(frozen=True, slots=True)
class View:
    """The chain as one page of a pass sees it."""

    head: Head
    blocks: dict[int, Block]
    # The hashes of blocks that cannot be undone any more, as two endpoints agree where two are.
    final: dict[int, str]

    def holds(self, receipt: Receipt) -> bool:
        """Whether the receipt's block is known to be on the chain."""
        block = self.blocks.get(receipt.block_number)
        return block is not None and block.hash == receipt.block_hash

    def lost(self, receipt: Receipt) -> bool:
        """Whether another block stands where it was; a block that is not told proves nothing."""
        block = self.blocks.get(receipt.block_number)
        return block is not None and block.hash != receipt.block_hash


def ask_head(network: Network, client: NetworkClient) -> Head:
    by_tag = network.final_rule == Network.FinalRule.FINALIZED_TAG
    wanted = ["latest", "finalized"] if by_tag else ["latest"]
    answers = client.read_many([("eth_getBlockByNumber", [tag, False]) for tag in wanted])
    if not isinstance(answers[0], dict):
        raise ChainError(f"{network.name} gave no latest block")
    newest = parse_block(answers[0])
    if not by_tag:
        return Head(newest, _final_number(network, newest))
    # A node that knows no final block says nothing about finality.
    known = isinstance(answers[1], dict)
    return Head(newest, _final_number(network, parse_block(answers[1])) if known else -1)


def ask_view(head: Head, numbers: Iterable[int], client: NetworkClient) -> View:
    """The blocks of these numbers, and which of them are final."""
    blocks = _blocks(sorted(set(numbers)), client)
    return View(head, blocks, _final_blocks(head, blocks, client))


def ask_receipts(hashes: list[str], client: NetworkClient) -> dict[str, Any]:
    """The receipts that are there, by hash."""
    answers = client.read_many([("eth_getTransactionReceipt", [one]) for one in hashes])
    return {
        tx_hash: answer
        for tx_hash, answer in zip(hashes, answers, strict=True)
        if isinstance(answer, dict) and block_number(answer) is not None
    }


def block_number(found: dict[str, Any]) -> int | None:
    """The block a receipt names; None for none yet, or for words that are no number."""
    try:
        return hex_int(found.get("blockNumber"))
    except ChainError:
        return None


def _blocks(numbers: list[int], client: NetworkClient) -> dict[int, Block]:
    requests = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
    answers = client.read_many(requests) if requests else []
    return {
        number: parse_block(answer)
        for number, answer in zip(numbers, answers, strict=True)
        if isinstance(answer, dict)
    }


def _final_blocks(head: Head, blocks: dict[int, Block], client: NetworkClient) -> dict[int, str]:
    """Hashes of the asked blocks that are beyond any reorganisation.

    One endpoint may be on a fork of its own: where two are to be read, both must say so.
    """
    beyond = {number: block.hash for number, block in blocks.items() if number <= head.final}
    if not beyond or not client.can_agree:
        return beyond
    numbers = sorted(beyond)
    newest = client.network.final_rule == Network.FinalRule.DEPTH
    requests = [("eth_getBlockByNumber", ["latest" if newest else "finalized", False])]
    requests += [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
    try:
        top, *others = client.agree(requests, strict=True)
        final = _final_number(client.network, parse_block(usable(top)))
    except ChainError as error:
        log.info("finality_not_agreed", network=client.network.slug, reason=str(error))
        return {}
    agreed = zip(numbers, others, strict=True)
    told = {number: answer for number, answer in agreed if isinstance(answer, dict)}
    return {
        number: beyond[number]
        for number, answer in told.items()
        if number <= final and parse_block(answer).hash == beyond[number]
    }


def _final_number(network: Network, top: Block) -> int:
    """The highest final block, from the newest block or the block tagged as finalized."""
    if network.final_rule == Network.FinalRule.FINALIZED_TAG:
        return top.number
    return top.number - network.final_depth + 1
