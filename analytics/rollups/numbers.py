"""What is kept of an hour or a day, and how hours add up to a day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import add
from typing import NamedTuple

from analytics.models.rollups import MOST

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NATIVE = "native"


class Key(NamedTuple):
    """What a sum is of; names that its metric does not go by are empty."""

    network: str = ""
    protocol: str = ""
    token: str = ""
    wallet: str = ""
    subject: str = ""
    outcome: str = ""


@dataclass(slots=True)
class Numbers:
    """As in a `Rollup`."""

    count: int = 0
    unknown: int = 0
    total: int | None = None
    first: int | None = None
    last: int | None = None
    low: int | None = None
    high: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, other: "Numbers") -> None:
        """Both together."""
        self.count += other.count
        self.unknown += other.unknown
        self.total = _both(self.total, other.total, add)
        self.low = _both(self.low, other.low, min)
        self.high = _both(self.high, other.high, max)
        self.begin(other.first_at, other.first)
        self.end(other.last_at, other.last)

    def begin(self, at: datetime | None, value: int | None) -> None:
        """The first value, if it is earlier than what is."""
        if at is not None and (self.first_at is None or at < self.first_at):
            self.first_at, self.first = at, value

    def end(self, at: datetime | None, value: int | None) -> None:
        """The last value, if it is later than what is."""
        if at is not None and (self.last_at is None or at >= self.last_at):
            self.last_at, self.last = at, value


# By when the hour or day began, and what it is of.
Buckets = dict[tuple[datetime, Key], Numbers]


def _both(one: int | None, other: int | None, join: Callable[[int, int], int]) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return join(one, other)


def bounded(found: Buckets) -> Buckets:
    """With totals that no column holds as unknown: some tokens move as much as there can be."""
    for numbers in found.values():
        if numbers.total is not None and abs(numbers.total) > MOST:
            numbers.total, numbers.unknown = None, numbers.count
    return found


def days_of(hours: Iterable[tuple[tuple[datetime, Key], Numbers]]) -> Buckets:
    """The days that hours make."""
    found: Buckets = {}
    for (hour, key), numbers in hours:
        found.setdefault((day_of(hour), key), Numbers()).add(numbers)
    return bounded(found)


def hour_of(moment: datetime) -> datetime:
    """When its UTC hour began."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """When its UTC day began."""
    return hour_of(moment).replace(hour=0)
