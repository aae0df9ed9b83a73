"""Blocks with all their transactions, and the receipts of those that are ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from wallets.chain.client import NetworkClient, parse_block
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.rpc import Request

# A full block of a busy chain is about a megabyte of JSON.
BLOCKS_AT_ONCE = 20
HEADS_AT_ONCE = 100
RECEIPTS_AT_ONCE = 100
# From so many of ours on, a block's receipts are asked for together.
TOGETHER_FROM = 8
_no_block_receipts: set[int] = set()


@dataclass(frozen=True, slots=True)
class FullBlock:
    """A block and its transactions as JSON-RPC gives them."""

    number: int
    at: datetime
    transactions: Sequence[dict[str, Any]]


def full_blocks(client: NetworkClient, numbers: Iterable[int]) -> Iterator[FullBlock]:
    """The blocks of these numbers, in their order."""
    for some in batched(numbers, BLOCKS_AT_ONCE):
        for found in _blocks(client, some, full=True):
            head = parse_block(found)
            yield FullBlock(head.number, head.at, found["transactions"])


def times_of(client: NetworkClient, numbers: Iterable[int]) -> dict[int, datetime]:
    """When the blocks were made."""
    times: dict[int, datetime] = {}
    for some in batched(sorted(set(numbers)), HEADS_AT_ONCE):
        for found in _blocks(client, some, full=False):
            head = parse_block(found)
            times[head.number] = head.at
    return times


def receipts_of(
    client: NetworkClient, hashes: Mapping[int, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """The receipts of transactions, by their hash, asked for by their block."""
    alone: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for number, wanted in hashes.items():
        together = _block_receipts(client, number) if len(wanted) >= TOGETHER_FROM else None
        if together is None:
            alone += wanted
        else:
            found |= {one: together[one] for one in wanted if one in together}
    for some in batched(alone, RECEIPTS_AT_ONCE):
        requests: list[Request] = [("eth_getTransactionReceipt", [one]) for one in some]
        for one, answer in zip(some, client.read_many(requests), strict=True):
            found[one] = _there(answer, f"receipt of {one}")
    return found


def _block_receipts(client: NetworkClient, number: int) -> dict[str, dict[str, Any]] | None:
    """All of a block; None where the node does not know the question."""
    if client.network.pk in _no_block_receipts:
        return None
    try:
        answer = client.read("eth_getBlockReceipts", [hex(number)])
    except RpcError:
        _no_block_receipts.add(client.network.pk)
        return None
    return {one["transactionHash"]: one for one in answer or ()}


def _blocks(client: NetworkClient, numbers: Sequence[int], *, full: bool) -> Iterator[Any]:
    requests: list[Request] = [("eth_getBlockByNumber", [hex(one), full]) for one in numbers]
    for number, answer in zip(numbers, client.read_many(requests), strict=True):
        yield _there(answer, f"block {number}")


def _there(answer: Any, what: str) -> Any:
    if isinstance(answer, ChainError):
        raise answer
    if not isinstance(answer, dict):
        raise RpcUnavailable(f"the node has no {what}; another one may")
    return answer
