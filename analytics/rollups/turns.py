"""One process at a time adds up or cleans: two would undo each other's sums."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from wallets import leases
from wallets.actors import this_worker

LEASE = "rollups"


class RollupBusy(Exception):
    """Another process is at it."""


@contextmanager
def turn(duration: timedelta, rest: timedelta | None = None) -> Iterator[None]:
    """Ours until the end; RollupBusy while it is somebody else's.

    With `rest` it is for nobody else's workers for so long afterwards, and not taken while it
    rests; without, as for a person who asks, it is taken then too.
    """
    owner = this_worker()
    if not leases.take(LEASE, owner=owner, duration=duration, rested=rest is not None):
        raise RollupBusy("rollups are being worked on by another process; try again in a minute")
    try:
        yield
    finally:
        free_from = None if rest is None else timezone.now() + rest
        leases.release(LEASE, owner=owner, free_from=free_from)
