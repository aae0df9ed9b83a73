"""Whether sums are what their rows come to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from analytics.models import RollupMark
from analytics.rollups.numbers import Buckets, Key, Numbers, days_of
from analytics.rollups.sources import SOURCES, Source, chunks
from analytics.rollups.writing import DAY_ROWS, HOUR_ROWS, kept, write_days, write_hours


@dataclass(frozen=True, slots=True)
class Difference:
    """A sum that is not what its rows say; None where there is no such sum, or no such row."""

    metric: str
    period: str
    starts_at: datetime
    key: Key
    rows: Numbers | None
    kept: Numbers | None


def verify(
    *,
    metrics: Iterable[str] | None = None,
    repair: bool = False,
    progress: Callable[[str], None] = lambda _line: None,
) -> Iterator[Difference]:
    """Compare day by day all of which rows are left; with `repair` what differs is made right."""
    for source in SOURCES:
        if metrics is not None and source.metric not in metrics:
            continue
        mark = RollupMark.objects.filter(pk=source.metric).first()
        first = (mark.cleaned_until if mark else None) or source.oldest()
        if mark is None or mark.done_until is None or first is None:
            continue
        progress(f"{source.metric}: from {first:%Y-%m-%d}")
        for start, end in chunks(_midnight(first), mark.done_until):
            yield from verify_day(source, start, end, repair=repair)


def verify_day(source: Source, start: datetime, end: datetime, *, repair: bool) -> list[Difference]:
    """Of one day, or what of it is closed."""
    raw = source.read(start, end)
    if source.daily:
        found = list(_differing(source, DAY_ROWS, raw, kept(source.metric, DAY_ROWS, start, end)))
    else:
        hours, days = (kept(source.metric, one, start, end) for one in (HOUR_ROWS, DAY_ROWS))
        found = [
            *_differing(source, HOUR_ROWS, raw, hours),
            *_differing(source, DAY_ROWS, days_of(raw.items()), days),
        ]
    if found and repair:
        (write_days if source.daily else write_hours)(source.metric, raw, start, end)
    return found


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _differing(source: Source, period: str, raw: Buckets, have: Buckets) -> Iterator[Difference]:
    for place in sorted({*raw, *have}):
        one, other = raw.get(place), have.get(place)
        if one != other:
            yield Difference(source.metric, period, *place, one, other)
