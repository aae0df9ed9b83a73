"""What all was worth over a time: points as they were written down, older ones from rollups."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from analytics.models import EquityPoint, Rollup
from analytics.portfolio.values import Hole

Every = Literal["hour", "day"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEVER = "nothing was added up"
_FIELDS = ("at", "cents", "problem", "as_of")


@dataclass(frozen=True, slots=True)
class Reading:
    """US cents at a moment; None where a part was unknown, with the sentence that says which."""

    at: datetime
    cents: int | None
    problem: str = ""
    # How old the oldest of what was added up is.
    as_of: datetime | None = None


def readings(start: datetime, end: datetime) -> list[Reading]:
    """All there are from `start` to `end`, both included, oldest first; two questions.

    Where points were cleaned away, the last known one of each hour is left, and stands for it.
    """
    rows = EquityPoint.objects.filter(at__gte=start, at__lte=end).order_by("at", "id")
    fresh = [Reading(*row) for row in rows.values_list(*_FIELDS).iterator()]
    oldest = EquityPoint.objects.order_by("at").values_list("at", flat=True).first()
    return [*_rolled_up(start, min(end, oldest or end)), *fresh]


def _rolled_up(start: datetime, end: datetime) -> Iterator[Reading]:
    rows = Rollup.objects.filter(
        metric=Rollup.Metric.EQUITY,
        period=Rollup.Period.HOUR,
        starts_at__gt=start - HOUR,
        starts_at__lte=end,
    )
    for began, at, cents in rows.order_by("starts_at").values_list("starts_at", "last_at", "last"):
        if at is None or cents is None:
            yield Reading(began, None, "a part of it was unknown in that hour")
        elif start <= at < end:
            yield Reading(at, cents)


def closes(found: Iterable[Reading], every: Every) -> list[Reading]:
    """The last known reading of each hour or day; where none was known, its last one."""
    kept: dict[datetime, Reading] = {}
    for one in found:
        began = began_at(one.at, every)
        if one.cents is not None or began not in kept or kept[began].cents is None:
            kept[began] = one
    return list(kept.values())


def began_at(moment: datetime, every: Every) -> datetime:
    """When its hour or day (UTC) began."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour if every == "hour" else hour.replace(hour=0)


def holes(found: Sequence[Reading]) -> tuple[Hole, ...]:
    """Days between the first reading and the last of which nothing is known, run together."""
    days = {one.at.date(): one for one in closes(found, "day")}
    if not days:
        return ()
    unknown = [
        Hole(day, day, days[day].problem if day in days else NEVER)
        for day in _days(min(days), max(days))
        if day not in days or days[day].cents is None
    ]
    joined: list[Hole] = []
    for hole in unknown:
        if joined and hole.first - joined[-1].last == DAY and hole.why == joined[-1].why:
            joined[-1] = Hole(joined[-1].first, hole.last, hole.why)
        else:
            joined.append(hole)
    return tuple(joined)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * DAY
