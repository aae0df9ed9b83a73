"""Keep the newest return on investment for whoever must not work it out, such as /metrics."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal

from django.db import transaction
from django.utils import timezone

from analytics.basis.book import between, read_book, valid_checkpoint
from analytics.basis.lots import Method
from analytics.exposure import to_cents
from analytics.models import ProfitDay, RoiReading
from analytics.roi import By, RoiLine, roi_of
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

NAME = "roi"
METHOD: Method = "fifo"
# Some thousand a second, and a job has a minute.
MOST_ENTRIES = 50_000
EVERY, LEASE = timedelta(minutes=15), timedelta(minutes=2)
KEPT: tuple[By, ...] = ("campaign", "protocol", "network")
# What nobody has worked out for so long is unknown.
COUNTS_FOR = timedelta(hours=2)


def register() -> None:
    """With the pulse."""
    wakeups.register(wakeups.Periodic(NAME, "analytics.roi_readings.refresh_roi", due))


def refresh_roi() -> None:
    """Work it out from the books as they are, unless another process is at it or just was.

    Too much to read entry by entry within a job is left, and what was kept grows old: unknown.
    """
    owner = this_worker()
    if not leases.take(NAME, owner=owner, duration=LEASE):
        return
    try:
        if _is_short():
            keep_roi()
    finally:
        leases.release(NAME, owner=owner, free_from=timezone.now() + EVERY)


def keep_roi() -> None:
    """Replace what was kept: what has no line any more is gone with it."""
    now, book = timezone.now(), read_book(METHOD)
    rows = [
        RoiReading(by=by, name=line.key, ratio=line.ratio, received_cents=_received(line), at=now)
        for by in KEPT
        for line in roi_of(book, by=by)
    ]
    with transaction.atomic():
        RoiReading.objects.all().delete()
        RoiReading.objects.bulk_create(rows)


def _is_short() -> bool:
    kept = valid_checkpoint(METHOD)
    unread = between(kept.until if kept else None, None)
    return unread.order_by().values("pk")[: MOST_ENTRIES + 1].count() <= MOST_ENTRIES  # type: ignore[no-any-return]


def _received(line: RoiLine) -> Decimal | None:
    dollars = line.income.dollars
    return None if dollars is None else Decimal(to_cents(dollars, ROUND_FLOOR))


def due() -> Iterator[str]:
    """Once there are books, and the last time is long enough ago."""
    busy = Lease.objects.filter(pk=NAME, expires_at__gt=timezone.now())
    if not busy.exists() and ProfitDay.objects.exists():
        yield ""
