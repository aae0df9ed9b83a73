"""What the workers do about profit: follow the books, a part at a time."""

import time
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from analytics.basis.lots import METHODS
from analytics.basis.summary import refresh
from analytics.models import LedgerEntry
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

NAME = "profit"
EVERY = timedelta(minutes=15)
LEASE = timedelta(minutes=2)
# Well within what a worker's job may take; the pulse asks again for what is left.
JOB_SECONDS = 15.0


def register() -> None:
    """With the pulse."""
    wakeups.register(wakeups.Periodic(NAME, "analytics.basis.jobs.refresh_profit", due))


def refresh_profit() -> None:
    """Go on through the books by each method; at once again while not all was read."""
    owner, pause, until = this_worker(), EVERY, time.monotonic() + JOB_SECONDS
    if not leases.take(NAME, owner=owner, duration=LEASE):
        return
    try:
        for method in METHODS:
            left = max(0.0, until - time.monotonic())
            if not refresh(method, seconds=left):
                pause = timedelta(0)
    finally:
        leases.release(NAME, owner=owner, free_from=timezone.now() + pause)


def due() -> Iterator[str]:
    """Once there are books, and the last time is long enough ago."""
    busy = Lease.objects.filter(pk=NAME, expires_at__gt=timezone.now())
    if not busy.exists() and LedgerEntry.objects.exists():
        yield ""
