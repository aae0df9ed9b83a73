"""Deleting in small transactions: nobody waits long for a row or for the database's one writer."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

LARGEST, SMALLEST, FIRST = 500, 10, 100
# A batch that took longer is followed by smaller ones, one that took half by larger ones.
SLOW_SECONDS = 0.1
READ_AT_ONCE = 10_000


def keys(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Primary keys in order, so many in memory at a time; each question goes on after the last."""
    ordered = rows.order_by("pk").values_list("pk", flat=True)
    found = list(ordered[:READ_AT_ONCE])
    while found:
        yield found
        if len(found) < READ_AT_ONCE:
            return
        found = list(ordered.filter(pk__gt=found[-1])[:READ_AT_ONCE])


def remove_in_batches(
    rows: QuerySet[Any], remove: Callable[[QuerySet[Any]], int], tell: Callable[[int], None]
) -> int:
    """How many rows went; `tell` is told how many more after each batch, all of it committed.

    Whether a row may go is asked again as it goes. A pause after each batch lets others write.
    """
    gone, size = 0, FIRST
    for found in keys(rows):
        place = 0
        while place < len(found):
            began = time.monotonic()
            count = remove(rows.filter(pk__in=found[place : place + size]))
            took = time.monotonic() - began
            place += size
            gone += count
            tell(count)
            time.sleep(took / 4)
            size = next_size(size, took)
    return gone


def next_size(size: int, seconds: float) -> int:
    """How many rows the next batch should have."""
    if seconds > SLOW_SECONDS:
        return max(SMALLEST, size // 2)
    return min(LARGEST, size * 2) if seconds < SLOW_SECONDS / 2 else size
