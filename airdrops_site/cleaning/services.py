"""One cleanup from its beginning to its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from airdrops_site.backup.leftovers import clear_leftovers
from airdrops_site.cleaning.space import Space, space
from airdrops_site.cleaning.sweeps import Moments, Sweep, sweeps
from airdrops_site.operations import Kind, recorded
from analytics.models import RollupMark
from analytics.models.rollups import Metric
from analytics.rollups.cleaning import clean
from analytics.rollups.numbers import day_of
from analytics.rollups.turns import turn
from wallets import leases
from wallets.actors import this_worker
from wallets.batches import remove_in_batches, windows

LEASE = "cleanup"
# Of what a turn takes for itself; it is extended as long as batches go on.
TURN = timedelta(minutes=10)
ROLLUP_TURN = timedelta(hours=1)
Progress = Callable[[str], None]


class CleanupBusy(Exception):
    """Another process is at it."""


class CleanupStopped(Exception):
    """Somebody interrupted it; whole batches are gone, the rest is for the next time."""


@dataclass(frozen=True, slots=True)
class Freed:
    """How many rows of a table went or would go, and why they may."""

    table: str
    rows: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What went, and how much room there is now inside the database's file."""

    freed: tuple[Freed, ...]
    space: Space

    @property
    def rows(self) -> int:
        """All tables together."""
        return sum(one.rows for one in self.freed)


def clean_up(
    *, days: int | None = None, dry_run: bool = False, by: str, progress: Progress
) -> Cleanup:
    """Sums first, then the rows they were made of, then what is only in the way.

    Interrupted, it has deleted whole batches and goes on with the rest the next time. A dry run
    counts, and writes nothing.
    """
    days = settings.KEEP_DAYS if days is None else days
    if dry_run:
        return _cleanup(days, dry_run=True, progress=progress)
    with _turn(), recorded(Kind.CLEANUP, by=by) as noted:
        for one in clear_leftovers():
            progress(f"{one}: a backup or a restore that was killed had left it")
        found = _cleanup(days, dry_run=False, progress=progress)
        noted.summary = f"{found.rows} rows older than {days} days were deleted."
        noted.figures = {one.table: one.rows for one in found.freed if one.rows}
    return found


def _cleanup(days: int, *, dry_run: bool, progress: Progress) -> Cleanup:
    gone = [0]
    try:
        freed = [*_readings(days, dry_run=dry_run, progress=progress)]
        moments = _moments(days, dry_run=dry_run)
        for sweep in sweeps():
            counted = _sweep(sweep, moments, gone, dry_run=dry_run, progress=progress)
            freed.append(Freed(sweep.table, counted, sweep.reason))
    except KeyboardInterrupt as error:
        raise CleanupStopped(
            f"stopped after {gone[0]} rows; what was deleted was deleted in whole batches, and "
            "`cleanup` goes on with the rest"
        ) from error
    return Cleanup(tuple(freed), space())


def _readings(days: int, *, dry_run: bool, progress: Progress) -> Iterator[Freed]:
    with turn(ROLLUP_TURN):
        for one in clean(keep_days=days, dry_run=dry_run, progress=progress):
            if one.table != "runs":
                yield Freed(one.table, one.rows, "sums of hours and days are kept")


def _moments(days: int, *, dry_run: bool) -> Moments:
    """A dry run closes no sums, so it goes by what a real one would close."""
    now = timezone.now()
    mark = RollupMark.objects.filter(pk=Metric.RUNS).first()
    until = mark and (mark.done_until if dry_run else mark.cleaned_until)
    cutoff = day_of(now) - timedelta(days=days)
    return Moments(now, cutoff, min(until, cutoff) if until else None)


def _sweep(
    sweep: Sweep, moments: Moments, gone: list[int], *, dry_run: bool, progress: Progress
) -> int:
    rows = sweep.rows(moments)
    if dry_run:
        return sum(part.count() for part in windows(rows))
    extend = _extending(timezone.now())

    def tell(count: int) -> None:
        before = gone[0] // 10_000
        gone[0] += count
        extend()
        if gone[0] // 10_000 != before:
            progress(f"{sweep.table}: {gone[0]} rows in all")

    return remove_in_batches(rows, sweep.remove, tell)


def _extending(since: datetime) -> Callable[[], None]:
    """Keeps the turn while batches go on; CleanupBusy once another process has it."""
    last = [since]

    def extend() -> None:
        now = timezone.now()
        if now - last[0] > TURN / 10:
            _take()
            last[0] = now

    return extend


@contextmanager
def _turn() -> Iterator[None]:
    _take()
    try:
        yield
    finally:
        leases.release(LEASE, owner=this_worker())


def _take() -> None:
    if not leases.take(LEASE, owner=this_worker(), duration=TURN):
        raise CleanupBusy("another process is cleaning up; try again in some minutes")
