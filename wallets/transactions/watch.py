"""One pass over everything of a network that is on its way: receipts, depth, finality, reorgs."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction as database
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.client import Block, NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Attempt, Network, NonceLane, Receipt, Transaction
from wallets.transactions.machine import move_transaction, move_transactions
from wallets.transactions.points import Point, reached
from wallets.transactions.receipts import outcome_of, read_receipt, store_receipts
from wallets.transactions.states import WATCHED, Wish
from wallets.transactions.states import TransactionState as S
from wallets.transactions.view import Head, View, ask_head, ask_receipts, ask_view, block_number
from wallets.transitions import LostRace, unchanged
from wallets.wakeups import wake

log = structlog.get_logger(__name__)

PASS_SIZE = 500
# In no block that we know of; a late receipt may still answer what a person is asked.
AWAITED = (S.SIGNED, S.BROADCAST, S.NEEDS_OPERATOR)
LOOK_ANYWAY = timedelta(seconds=15)


def watch(network: Network, client: NetworkClient) -> int:
    """Bring every transaction under way in line with the chain; returns how many moved."""
    rows = _under_way(network, 0)
    if not rows:
        return 0
    head = ask_head(network, client)
    if _is_watched(network, head):
        return 0
    started, moved = timezone.now(), 0
    while rows:
        moved += _watch_page(rows, head, client)
        rows = _under_way(network, rows[-1].pk)
    # Only now: a pass that dies half-way is made again.
    Network.objects.filter(pk=network.pk).update(
        watched_head=head.newest.hash, watched_number=head.newest.number, watched_at=started
    )
    return moved


def _is_watched(network: Network, head: Head) -> bool:
    """Whether a pass has been made at this very block, and not long ago.

    What was sent since cannot be in it; a node behind its fellows is why it is asked again.
    """
    network.refresh_from_db(fields=["watched_head", "watched_at"])
    lately = network.watched_at and timezone.now() - network.watched_at < LOOK_ANYWAY
    return bool(lately) and network.watched_head == head.newest.hash


def _watch_page(rows: list[Transaction], head: Head, client: NetworkClient) -> int:
    receipts = ask_receipts(_awaited_hashes(rows), client)
    reached(Point.RECEIPTS_ASKED)
    numbers = {block_number(receipt) or 0 for receipt in receipts.values()}
    numbers |= {_receipt(row).block_number for row in rows if row.receipts.all()}
    view = ask_view(head, numbers, client)
    moved = _undo(rows, view)
    with database.atomic():
        mine = unchanged(rows)
        included = _include(mine, receipts, view)
        confirmed = _confirm(mine, view)
        final = _finish(mine, view)
    touched = {row.pk: row for row in (*included, *confirmed, *final)}
    _reached_by(touched.values(), Point.INCLUSION_STORED)
    _wake_lanes(included)
    return moved + len(included) + len(confirmed) + len(final)


def _under_way(network: Network, after: int) -> list[Transaction]:
    """The next page of what is on its way; what no node was ever given is not looked for."""
    canonical = Prefetch(
        "receipts", Receipt.objects.filter(canonical=True).select_related("attempt")
    )
    rows = Transaction.objects.filter(network=network, state__in=WATCHED, pk__gt=after)
    sent = Prefetch("attempts", _findable_attempts(), to_attr="sent_attempts")
    found = rows.select_related("network").prefetch_related(sent, canonical).order_by("id")
    return list(found[:PASS_SIZE])


def _awaited_hashes(rows: list[Transaction]) -> list[str]:
    """The hashes of the attempts of what is in no block yet."""
    return [
        attempt.hash
        for row in rows
        if row.state in AWAITED
        for attempt in row.sent_attempts  # type: ignore[attr-defined]
    ]


def _findable_attempts() -> QuerySet[Attempt]:
    return Attempt.objects.filter(Q(times_sent__gt=0) | Q(kind=Attempt.Kind.ADOPTED))


def _include(rows: list[Transaction], receipts: dict[str, Any], view: View) -> list[Transaction]:
    """Move what a block of the chain holds now; the rows moved."""
    found = {row: receipt for row in rows if (receipt := _receipt_in(row, receipts, view))}
    store_receipts(list(found.values()))
    for row, receipt in found.items():
        row._prefetched_objects_cache["receipts"] = [receipt]  # type: ignore[attr-defined]
    _reached_by(found, Point.RECEIPT_WRITTEN)
    alike = defaultdict(list)
    for row, receipt in found.items():
        alike[outcome_of(receipt.attempt, receipt)].append(row)
    for outcome, group in alike.items():
        move_transactions(group, S.INCLUDED, actor=this_worker(), outcome=outcome, wish=Wish.NONE)
    _reached_by(found, Point.INCLUDED)
    for row, receipt in found.items():
        log.info(
            "transaction_included",
            transaction=row.pk,
            origin=row.origin,
            tx_hash=receipt.attempt.hash,
            outcome=str(row.outcome),
        )
    return list(found)


def _receipt_in(row: Transaction, receipts: dict[str, Any], view: View) -> Receipt | None:
    """What the chain says of one that was on its way; None while it says nothing."""
    if row.state not in AWAITED:
        return None
    for attempt in row.sent_attempts:  # type: ignore[attr-defined]
        found = receipts.get(attempt.hash)
        block = view.blocks.get(block_number(found) or 0) if found else None
        # A receipt of a block that is not on the chain any more says nothing.
        if found is not None and block is not None and block.hash == found.get("blockHash"):
            return _readable(row, attempt, found, block)
    return None


def _readable(
    row: Transaction, attempt: Attempt, found: dict[str, Any], block: Block
) -> Receipt | None:
    """The receipt; None for one that makes no sense, which must not keep all others waiting."""
    try:
        return read_receipt(row, attempt, found, block)
    except ChainError as error:
        log.warning("receipt_unreadable", tx_hash=attempt.hash, reason=str(error))
        return None


def _confirm(rows: list[Transaction], view: View) -> list[Transaction]:
    deep = [
        row
        for row in rows
        if row.state == S.INCLUDED
        and view.holds(_receipt(row))
        and _depth(row, view) >= row.network.confirm_depth
    ]
    move_transactions(deep, S.CONFIRMED, actor=this_worker())
    _reached_by(deep, Point.CONFIRMED)
    return deep


def _finish(rows: list[Transaction], view: View) -> list[Transaction]:
    beyond = [
        row
        for row in rows
        if row.state == S.CONFIRMED
        and view.final.get(_receipt(row).block_number) == _receipt(row).block_hash
    ]
    move_transactions(beyond, S.FINAL, actor=this_worker())
    _reached_by(beyond, Point.FINAL)
    return beyond


def _undo(rows: list[Transaction], view: View) -> int:
    """Send back what a reorganisation took out of its block, each by itself; how many."""
    moved = 0
    for row in rows:
        if row.state not in (S.INCLUDED, S.CONFIRMED) or not view.lost(_receipt(row)):
            continue
        try:
            with database.atomic():
                _return_to_broadcast(row)
            moved += 1
        except LostRace:
            log.info("watch_lost_race", transaction=row.pk)
    return moved


def _wake_lanes(included: list[Transaction]) -> None:
    """Lanes that were full have room again for what waits."""
    lanes = {row.lane_id for row in included}
    waiting = Transaction.objects.filter(lane__in=lanes, state__in=(S.QUEUED, S.HELD))
    full = NonceLane.objects.filter(pk__in=waiting.values("lane"), wake_at__gt=timezone.now())
    if lanes and full.update(wake_at=timezone.now()):
        wake("tick")


def _return_to_broadcast(row: Transaction) -> None:
    receipt = _receipt(row)
    Receipt.objects.filter(pk=receipt.pk).update(canonical=False)
    reason = f"block {receipt.block_number} was replaced by a reorganisation"
    move_transaction(row, S.BROADCAST, actor=this_worker(), reason=reason, outcome="")
    # The one that was mined goes out again, not one that lost to it.
    Attempt.objects.filter(pk=receipt.attempt_id).update(last_sent_at=None)
    NonceLane.objects.filter(pk=row.lane_id).update(wake_at=timezone.now())


def _reached_by(rows: Iterable[Transaction], point: Point) -> None:
    """Name the boundary for each row, with the kind of its attempt that is in a block."""
    for row in rows:
        reached(point, _receipt(row).attempt.kind)


def _depth(row: Transaction, view: View) -> int:
    return view.head.newest.number - _receipt(row).block_number + 1


def _receipt(row: Transaction) -> Receipt:
    """The canonical receipt of one that is in a block."""
    return row.receipts.all()[0]
