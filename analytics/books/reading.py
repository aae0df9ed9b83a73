"""Reading what the chain told of our wallets into the books: what is new, or all of it again."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from analytics import history
from analytics.books.told import Key, book_told
from analytics.models import ChainTransaction, ChainTransfer
from scheduling.models import Step
from wallets import leases
from wallets.actors import this_worker
from wallets.models import Attempt

TRANSFERS, SENT = "chain transfers", "chain transactions"
JOB_SECONDS = 2.0
_ROWS_AT_ONCE = 1000


def due() -> Iterator[str]:
    """Once, while there is anything that was not read yet."""
    if history.has_news(TRANSFERS, ChainTransfer) or history.has_news(SENT, ChainTransaction):
        yield ""


def book_news() -> None:
    """Book what the chain told since the last pass; whoever dies in it leaves it to the next."""
    owner, until = this_worker(), time.monotonic() + JOB_SECONDS
    if not leases.take(TRANSFERS, owner=owner, duration=history.LEASE):
        return
    try:
        while time.monotonic() < until and (_transfers() | _sent()):
            pass
    finally:
        leases.release(TRANSFERS, owner=owner)


def _transfers() -> bool:
    """Whether there is more right behind what was booked."""
    found = history.read_rows(TRANSFERS, ChainTransfer)
    book_told((one.network_id, one.hash) for one in found.lines)
    return history.keep(found) and found.full


def _sent() -> bool:
    found = history.read_rows(SENT, ChainTransaction)
    book_told((one.network_id, one.hash) for one in found.lines)
    return history.keep(found) and found.full


def book_again(transactions: Iterable[int]) -> int:
    """What the chain told of these transactions of ours, whose receipts were booked just now."""
    rows = Attempt.objects.filter(transaction__in=list(transactions)).order_by()
    return book_told(_told_of(rows.values_list("transaction__network", "hash")))


def book_arrivals(steps: Iterable[int]) -> int:
    """What waits have found only after it was told and booked as somebody else's."""
    found = Step.objects.filter(pk__in=list(steps), kind=Step.Kind.WAIT, found__isnull=False)
    hashes = {str((one or {}).get("tx_hash")) for one in found.values_list("found", flat=True)}
    told = ChainTransfer.objects.filter(hash__in=hashes).order_by()
    return book_told(told.values_list("network", "hash").distinct())


def _told_of(keys: Iterable[Key]) -> set[Key]:
    """Those of which the chain told anything: a transfer, or a fee where nothing else moved."""
    wanted = set(keys)
    hashes = [tx_hash for _, tx_hash in wanted]
    found: set[Key] = set()
    for table in (ChainTransfer, ChainTransaction):
        rows = table._default_manager.filter(hash__in=hashes).order_by()
        found |= set(rows.values_list("network", "hash").distinct())
    return wanted & found


def book_everything(network_id: int | None = None) -> int:
    """All that the chain ever told, for instance once a token has been registered."""
    changed, part = 0, set[Key]()
    for table in (ChainTransfer, ChainTransaction):
        for key in _keys(table._default_manager.all(), network_id):
            part.add(key)
            if len(part) >= _ROWS_AT_ONCE:
                changed, part = changed + book_told(part), set()
    return changed + book_told(part)


def _keys(rows: QuerySet[Any], network_id: int | None) -> Iterator[Key]:
    # A whole hash at a time: its transfers stand together.
    chosen = rows if network_id is None else rows.filter(network=network_id)
    yield from chosen.order_by("network", "hash").values_list("network", "hash").iterator(2000)


def keys_in(network_id: int, blocks: Sequence[int]) -> set[Key]:
    """The hashes that the chain told in these blocks."""
    rows = ChainTransfer.objects.filter(network=network_id, block_number__in=blocks)
    return set(rows.order_by().values_list("network", "hash"))
