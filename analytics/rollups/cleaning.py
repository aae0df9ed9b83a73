"""Deleting single readings of which sums are kept; never what the books are valued by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from analytics.models import RollupMark
from analytics.rollups.doomed import TARGETS, Target, empty_snapshots
from analytics.rollups.numbers import DAY, day_of
from analytics.rollups.sources import SOURCES, Source, chunks
from analytics.rollups.verifying import verify_day
from wallets.batches import Pace

READ_AT_ONCE = 10_000
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many rows of a table went, or would go; sums that were mended before; until when."""

    table: str
    rows: int
    mended: int
    until: datetime | None


def clean(
    *,
    now: datetime | None = None,
    keep_days: int | None = None,
    dry_run: bool = False,
    progress: Progress = lambda _line: None,
) -> list[Cleaned]:
    """Day by day: the sums of a day are compared with its rows, then the rows go, in batches.

    Only what is older than `keep_days` (AIRDROPS_KEEP_DAYS) and added up. Whoever is interrupted
    goes on with that day: what was compared once is not compared again with what is left of it.
    """
    days = settings.KEEP_DAYS if keep_days is None else keep_days
    cutoff = day_of(now or timezone.now()) - days * DAY
    found = [_clean(target, cutoff, dry_run=dry_run, progress=progress) for target in TARGETS]
    rows = _delete(empty_snapshots(cutoff), frozenset(), dry_run=dry_run)
    return [*found, Cleaned("balance snapshots without balances", rows, 0, cutoff)]


def _clean(target: Target, cutoff: datetime, *, dry_run: bool, progress: Progress) -> Cleaned:
    sources = [source for source in SOURCES if source.metric in target.metrics]
    marks = {mark.metric: mark for mark in RollupMark.objects.filter(pk__in=target.metrics)}
    limit, begun = _limit(marks, sources, cutoff), _begun(marks)
    oldest = sources[0].oldest()
    if limit is None or oldest is None:
        return Cleaned(target.table, 0, 0, begun)
    rows = mended = 0
    # The day whose rows were going when somebody was interrupted goes first.
    first = begun - DAY if begun else day_of(oldest)
    for start, end in chunks(first, limit):
        progress(f"{target.table}: {start:%Y-%m-%d}")
        if not dry_run and (begun is None or end > begun):
            mended += sum(len(_mended(source, start, end)) for source in sources)
            RollupMark.objects.filter(pk__in=target.metrics).update(cleaned_until=end)
        needed = target.needed(start, end)
        since = FIRST if target.leftovers and start == first else start
        rows += _delete(target.doomed(since, end, limit), needed, dry_run=dry_run)
    return Cleaned(target.table, rows, mended, begun if dry_run else limit)


def _mended(source: Source, start: datetime, end: datetime) -> list[object]:
    return [*verify_day(source, start, end, repair=True)]


def _limit(
    marks: dict[str, RollupMark], sources: list[Source], cutoff: datetime
) -> datetime | None:
    """Until when everything of it is added up, and old enough; None where nothing is."""
    done = [marks[one.metric].done_until if one.metric in marks else None for one in sources]
    known = [day_of(at) for at in done if at is not None]
    return min(*known, cutoff) if len(known) == len(sources) else None


def _begun(marks: dict[str, RollupMark]) -> datetime | None:
    found = [mark.cleaned_until for mark in marks.values() if mark.cleaned_until is not None]
    return min(found, default=None)


def _delete(rows: QuerySet[Any], needed: frozenset[int], *, dry_run: bool) -> int:
    """In batches, each a statement of its own; how many it was, or would be."""
    if dry_run:
        return sum(len(found) for found in _read(rows, needed))
    gone, pace = 0, Pace()
    for found in _read(rows, needed):
        for some in pace.batches(found):
            gone += rows.model._default_manager.filter(pk__in=some).delete()[0]
    return gone


def _read(rows: QuerySet[Any], needed: frozenset[int]) -> Iterator[list[int]]:
    after = 0
    while True:
        left = rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
        found = list(left[:READ_AT_ONCE])
        yield [pk for pk in found if pk not in needed]
        if len(found) < READ_AT_ONCE:
            return
        after = found[-1]
