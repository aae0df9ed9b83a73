"""Adding up what has come since, and again what has changed. Safe to run twice, and to end."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction as database
from django.utils import timezone

from analytics.models import RollupDirt, RollupMark
from analytics.models.rollups import Metric
from analytics.rollups.dirt import mark_changed
from analytics.rollups.numbers import DAY, HOUR, day_of, hour_of
from analytics.rollups.sources import SOURCES, Source, chunks
from analytics.rollups.writing import write_days, write_hours
from wallets.price_history import OLDEST

# Rows of an hour are committed a little after it: so long is waited before it is added up.
GRACE = timedelta(minutes=10)
# A row's number is given before it is committed: longer than any database transaction of ours.
UNSEEN = timedelta(minutes=2)
# At the beginning, so many of the newest rows are looked at as if they had come late.
FIRST_SEEN = 1_000
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """How many hours and days were added up for the first time, and again; whether that is all."""

    new: int
    again: int
    complete: bool


def roll_up(
    *,
    now: datetime | None = None,
    seconds: float | None = None,
    metrics: Iterable[str] | None = None,
    progress: Progress = lambda _line: None,
) -> Done:
    """Every metric, or these, until now or until so many seconds are over.

    Each day is kept as it is done; who is interrupted goes on from there.
    """
    moment = now or timezone.now()
    ends = None if seconds is None else time.monotonic() + seconds
    new, again, complete = 0, 0, True
    for source in SOURCES:
        if metrics is not None and source.metric not in metrics:
            continue
        mark = _mark(source)
        renewed, complete_again = _renew(source, mark, ends)
        again, complete = again + renewed, complete and complete_again
        for start, until in chunks(mark.done_until or moment, _last(source, moment)):
            if _is_over(ends):
                complete = False
                break
            progress(f"{source.metric}: {start:%Y-%m-%d}")
            new += _write(source, start, until)
            RollupMark.objects.filter(pk=mark.pk).update(done_until=until)
    return Done(new, again, complete)


def _mark(source: Source) -> RollupMark:
    """Where the metric is; at first where its oldest row is."""
    mark, _ = RollupMark.objects.get_or_create(metric=source.metric)
    if mark.done_until is None:
        oldest = source.oldest()
        # Without any row it begins with the first one there is.
        mark.done_until = day_of(oldest) if oldest else None
        mark.seen = max(0, source.newest() - FIRST_SEEN)
        mark.save(update_fields=("done_until", "seen"))
    return mark


def _last(source: Source, now: datetime) -> datetime:
    closed = now - GRACE
    return day_of(closed) if source.daily else hour_of(closed)


def _write(source: Source, start: datetime, end: datetime) -> int:
    """How many hours or days it was."""
    found = source.read(start, end)
    if source.daily:
        write_days(source.metric, found, start, end)
        return (end - start) // DAY
    write_hours(source.metric, found, start, end)
    return (end - start) // HOUR


def _renew(source: Source, mark: RollupMark, ends: float | None) -> tuple[int, bool]:
    """Again what late and changed rows fall into, day by day; whether that is all of them.

    What is not done in time is still marked. What was cleaned has no rows now, and stays.
    """
    if mark.done_until is None:
        return 0, True
    _mark_late(source, mark)
    marks = RollupDirt.objects.filter(metric=source.metric)
    # These hours are still to be added up for the first time.
    marks.filter(hour__gte=mark.done_until).delete()
    waiting = marks.order_by("hour").values_list("hour", flat=True)
    renewed = 0
    while (hour := waiting.first()) is not None:
        if _is_over(ends):
            return renewed, False
        day = day_of(hour)
        done = list(marks.filter(hour__gte=day, hour__lt=day + DAY).values_list("pk", flat=True))
        renewed += _renew_day(source, mark, day)
        for place in range(0, len(done), FIRST_SEEN):
            RollupDirt.objects.filter(pk__in=done[place : place + FIRST_SEEN]).delete()
    return renewed, True


def _mark_late(source: Source, mark: RollupMark) -> None:
    """Hours that rows came late to are marked like changed ones: whoever is ended finds them."""
    newest = source.newest()
    late = source.hours_behind(mark.seen, mark.done_until or timezone.now())
    known = RollupDirt.objects.filter(metric=source.metric).order_by()
    with database.atomic():
        mark_changed((source.metric,), late - set(known.values_list("hour", flat=True).distinct()))
        if source.metric == Metric.PRICES:
            mark_changed((Metric.FLOWS_USD,), _valued_at(late))
        _keep_seen(mark, newest)


def _renew_day(source: Source, mark: RollupMark, day: datetime) -> int:
    """A whole day: one question, however many of its hours it is."""
    start = max(day, mark.cleaned_until or day)
    end = min(day + DAY, mark.done_until or day)
    return _write(source, start, end) if start < end else 0


def _is_over(ends: float | None) -> bool:
    return ends is not None and time.monotonic() > ends


def _valued_at(hours: set[datetime]) -> set[datetime]:
    """Of which hours entries may be valued at prices of these."""
    return {hour + n * HOUR for hour in hours for n in range(OLDEST // HOUR + 2)}


def _keep_seen(mark: RollupMark, newest: int) -> None:
    now = timezone.now()
    if mark.next_seen_at is not None and now < mark.next_seen_at + UNSEEN:
        return
    seen = mark.seen if mark.next_seen_at is None else mark.next_seen
    RollupMark.objects.filter(pk=mark.pk).update(seen=seen, next_seen=newest, next_seen_at=now)
