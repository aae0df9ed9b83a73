"""Deleting in small transactions: nobody waits long for a row or for the database's one writer."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

LARGEST, SMALLEST, FIRST = 500, 10, 50
# What a batch should take; a tenth of a second is what nobody may wait, busy disk or not.
AIM_SECONDS = 0.025
WINDOW = 10_000
# A rest after each batch, as a part of what it took.
REST = 0.25


def windows(rows: QuerySet[Any], size: int = WINDOW) -> Iterator[QuerySet[Any]]:
    """The rows in parts, each out of so many neighbours in the table.

    No statement has to look at more of a large table, however few of its rows are wanted.
    """
    table = rows.model._default_manager.order_by("pk").values_list("pk", flat=True)
    last = None
    while True:
        ahead = table if last is None else table.filter(pk__gt=last)
        part = rows if last is None else rows.filter(pk__gt=last)
        # At most one: the last of the window, if there are as many.
        found = list(ahead[size - 1 : size])
        if not found:
            yield part
            return
        last = found[0]
        yield part.filter(pk__lte=last)


def remove_in_batches(
    rows: QuerySet[Any],
    remove: Callable[[QuerySet[Any]], int],
    tell: Callable[[int], None],
    size: int = WINDOW,
) -> int:
    """How many rows went; `tell` is told how many more after each batch, all of it committed.

    Whether a row may go is asked again as it goes.
    """
    gone, pace = 0, Pace()
    for window in windows(rows, size):
        for some in pace.batches(list(window.order_by("pk").values_list("pk", flat=True))):
            count = remove(rows.filter(pk__in=some))
            gone += count
            tell(count)
    return gone


class Pace:
    """Parts that each take about AIM_SECONDS to work on, with a rest after each."""

    def __init__(self) -> None:
        self.size = FIRST

    def batches(self, keys: list[Any]) -> Iterator[list[Any]]:
        """The keys in order; what is done with a part before the next is asked for is its time."""
        place = 0
        while place < len(keys):
            some = keys[place : place + self.size]
            place += len(some)
            began = time.monotonic()
            yield some
            took = time.monotonic() - began
            if len(some) == self.size or took > AIM_SECONDS:
                self.size = next_size(len(some), took)
            time.sleep(took * REST)


def next_size(size: int, seconds: float) -> int:
    """How many rows the next batch should have: as many as fit, at most twice as many."""
    fitting = int(size * AIM_SECONDS / max(seconds, 0.001))
    return max(SMALLEST, min(fitting, 2 * size, LARGEST))
