"""One pass over everything of a network that is on its way: receipts, depth, finality, reorgs."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction as database
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.client import Block, NetworkClient, hex_int, parse_block
from wallets.chain.errors import ChainError
from wallets.models import Attempt, Network, NonceLane, Receipt, Transaction
from wallets.transactions.machine import move_transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.receipts import outcome_of, store_receipt
from wallets.transactions.states import TransactionState as S
from wallets.transactions.states import Wish
from wallets.transitions import LostRace

log = structlog.get_logger(__name__)

PASS_SIZE = 500


@dataclass(frozen=True, slots=True)
class View:
    """The chain as one pass sees it."""

    head: int
    final: int
    blocks: dict[int, Block]


def watch(network: Network, client: NetworkClient) -> int:
    """Bring every transaction under way in line with the chain; returns how many moved."""
    moved, after = 0, 0
    while rows := _under_way(network, after):
        moved += _watch_page(rows, network, client)
        after = rows[-1].pk
    return moved


def _watch_page(rows: list[Transaction], network: Network, client: NetworkClient) -> int:
    receipts, head, final = _ask(rows, network, client)
    reached(Point.RECEIPTS_ASKED)
    numbers = {hex_int(receipt["blockNumber"]) for receipt in receipts.values()}
    numbers |= {row.receipts.all()[0].block_number for row in rows if row.receipts.all()}
    view = View(head, final, _blocks(sorted(numbers), client))
    moved = 0
    for row in rows:
        try:
            with database.atomic():
                steps = _follow(row, receipts, view)
            if steps:
                moved += steps
                reached(Point.INCLUSION_STORED, _kind(row))
        except LostRace:
            log.info("watch_lost_race", transaction=row.pk)
    return moved


def _under_way(network: Network, after: int) -> list[Transaction]:
    """The next page of what is on its way; what no node was ever given is not looked for."""
    canonical = Prefetch(
        "receipts", Receipt.objects.filter(canonical=True).select_related("attempt")
    )
    states = (S.SIGNED, S.BROADCAST, S.INCLUDED, S.CONFIRMED)
    rows = Transaction.objects.filter(network=network, state__in=states, pk__gt=after)
    sent = Prefetch("attempts", _findable_attempts(), to_attr="sent_attempts")
    found = rows.select_related("network").prefetch_related(sent, canonical).order_by("id")
    return list(found[:PASS_SIZE])


def _findable_attempts() -> QuerySet[Attempt]:
    return Attempt.objects.filter(Q(times_sent__gt=0) | Q(kind=Attempt.Kind.ADOPTED))


def _ask(
    rows: list[Transaction], network: Network, client: NetworkClient
) -> tuple[dict[str, Any], int, int]:
    """Receipts by hash, the head's number and the number up to which blocks are final."""
    hashes = [
        attempt.hash
        for row in rows
        if row.state in (S.SIGNED, S.BROADCAST)
        for attempt in row.sent_attempts  # type: ignore[attr-defined]
    ]
    by_tag = network.final_rule == Network.FinalRule.FINALIZED_TAG
    latest, finalized, *answers = client.read_many(
        [
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getBlockByNumber", ["finalized" if by_tag else "latest", False]),
            *(("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes),
        ]
    )
    if not isinstance(latest, dict):
        raise ChainError(f"{network.name} gave no latest block")
    head = parse_block(latest).number
    # A node that knows no final block says nothing about finality.
    final = parse_block(finalized).number if isinstance(finalized, dict) else -1
    receipts = {
        tx_hash: answer
        for tx_hash, answer in zip(hashes, answers, strict=True)
        if isinstance(answer, dict) and answer.get("blockNumber")
    }
    return receipts, head, final if by_tag else head - network.final_depth + 1


def _blocks(numbers: list[int], client: NetworkClient) -> dict[int, Block]:
    requests = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
    answers = client.read_many(requests) if requests else []
    return {
        number: parse_block(answer)
        for number, answer in zip(numbers, answers, strict=True)
        if isinstance(answer, dict)
    }


def _follow(row: Transaction, receipts: dict[str, Any], view: View) -> int:
    """Move one transaction as far as the chain has come; how many arrows it took."""
    before = row.version
    if row.state in (S.SIGNED, S.BROADCAST):
        _include(row, receipts, view)
    elif _undone(row, view):
        _return_to_broadcast(row)
    if row.state == S.INCLUDED and _depth(row, view) >= row.network.confirm_depth:
        move_transaction(row, S.CONFIRMED, actor=this_worker())
        reached(Point.CONFIRMED, _kind(row))
    if row.state == S.CONFIRMED and _block_number(row) <= view.final:
        move_transaction(row, S.FINAL, actor=this_worker())
        reached(Point.FINAL, _kind(row))
    return row.version - before


def _include(row: Transaction, receipts: dict[str, Any], view: View) -> None:
    for attempt in row.sent_attempts:  # type: ignore[attr-defined]
        found = receipts.get(attempt.hash)
        block = view.blocks.get(hex_int(found["blockNumber"])) if found else None
        # A receipt of a block that is not on the chain any more says nothing.
        if found is None or block is None or block.hash != found["blockHash"]:
            continue
        receipt = store_receipt(row, attempt, found, block)
        reached(Point.RECEIPT_WRITTEN, attempt.kind)
        move_transaction(
            row,
            S.INCLUDED,
            actor=this_worker(),
            outcome=outcome_of(attempt, receipt),
            wish=Wish.NONE,
        )
        reached(Point.INCLUDED, attempt.kind)
        row._prefetched_objects_cache["receipts"] = [receipt]  # type: ignore[attr-defined]
        return


def _undone(row: Transaction, view: View) -> bool:
    """Whether another block stands where the receipt's was; an unknown block proves nothing."""
    receipt = row.receipts.all()[0]
    block = view.blocks.get(receipt.block_number)
    return block is not None and block.hash != receipt.block_hash


def _return_to_broadcast(row: Transaction) -> None:
    receipt = row.receipts.all()[0]
    Receipt.objects.filter(pk=receipt.pk).update(canonical=False)
    reason = f"block {receipt.block_number} was replaced by a reorganisation"
    move_transaction(row, S.BROADCAST, actor=this_worker(), reason=reason, outcome="")
    Attempt.objects.filter(transaction=row).update(last_sent_at=None)
    NonceLane.objects.filter(pk=row.lane_id).update(wake_at=timezone.now())


def _kind(row: Transaction) -> str:
    """The kind of the attempt that is in a block; empty for none."""
    found = row.receipts.all()
    return found[0].attempt.kind if found else ""


def _depth(row: Transaction, view: View) -> int:
    return view.head - _block_number(row) + 1


def _block_number(row: Transaction) -> int:
    return row.receipts.all()[0].block_number
