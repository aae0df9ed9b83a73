"""The known values of a period, cut where money came and went: what measures are made from."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from analytics.flows import Flow, flows_between
from analytics.portfolio.benchmarks import DayReturn
from analytics.portfolio.returns import Span, Value, linked, spans
from analytics.portfolio.series import DAY, HOUR, Reading, closes, holes, readings
from analytics.portfolio.values import Hole

# A day's return is from one close to the next, so much more or less than a day apart.
UNEVEN = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Book:
    """What measures are made from: known values at which spans are cut, flows, day by day."""

    holes: tuple[Hole, ...]
    values: list[Value]
    flows: list[Flow]
    parts: list[Span]
    days: list[DayReturn]

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be said."""
        return len(self.values) < 2


def open_book(start: datetime, end: datetime) -> Book:
    """All that is known of the time, from the last value of the day before it on."""
    found = readings(start - DAY, end)
    known = _known(found, start)
    if not known:
        return Book(holes(found), [], [], [], [])
    told = holes([one for one in found if one.at >= known[0].at])
    known = _settled(known, flows_between(known[0].as_of or known[0].at, known[-1].at))
    flows = flows_between(known[0].at, known[-1].at)
    values = _cut(known, flows)
    parts = spans(values, flows)
    return Book(told, values, flows, parts, _day_returns(parts, closes(known, "day")))


def _known(found: Sequence[Reading], start: datetime) -> list[Reading]:
    """From the last known value of the day before `start`, or the first behind it; not zero yet.

    What is nothing at first has no return before something is there.
    """
    known = [one for one in found if one.cents is not None]
    place = max(0, bisect_left([one.at for one in known], start + timedelta(microseconds=1)) - 1)
    while place < len(known) and not known[place].cents:
        place += 1
    return known[place:]


def _settled(known: Sequence[Reading], flows: Sequence[Flow]) -> list[Reading]:
    """Without readings of which nobody knows whether a payment before them is in them.

    What they add up may be older than the payment: taken as it is, the money would be a loss, and
    a gain once it is seen.
    """
    times, kept = [flow.at for flow in flows], []
    for one in known:
        place = bisect_right(times, one.at)
        if not place or one.as_of is None or times[place - 1] <= one.as_of:
            kept.append(one)
    return kept or [known[0]]


def _cut(known: Sequence[Reading], flows: Sequence[Flow]) -> list[Value]:
    """The last value of each hour, and those right before and after each flow."""
    times = [one.at for one in known]
    kept = {0, len(known) - 1}
    for flow in flows:
        place = bisect_left(times, flow.at)
        kept |= {max(0, place - 1), place}
    last_of_hour = {one.at for one in closes(known, "hour")}
    kept |= {place for place, at in enumerate(times) if at in last_of_hour}
    return [Value(known[place].at, _dollars(known[place].cents)) for place in sorted(kept)]


def _dollars(cents: int | None) -> Decimal:
    return Decimal(cents or 0) / 100


def _day_returns(parts: Sequence[Span], ends: Sequence[Reading]) -> list[DayReturn]:
    """From close to close, where they are a day apart and every span between is known."""
    found: list[DayReturn] = []
    place = 0
    for first, last in pairwise(ends):
        begin = place
        while place < len(parts) and parts[place].end.at <= last.at:
            place += 1
        growth, _ = linked(part for part in parts[begin:place] if part.start.at >= first.at)
        if growth is not None and abs(last.at - first.at - DAY) <= UNEVEN:
            found.append((first.at, last.at, float(growth)))
    return found
