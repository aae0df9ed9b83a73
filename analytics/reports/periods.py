"""Which time a report is about: days and weeks of UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from analytics.models import Campaign, Report

DAY, WEEK = timedelta(days=1), timedelta(days=7)
Kind = Report.Kind
# Of Bitcoin's first block.
FIRST = date(2009, 1, 3)


class PeriodError(Exception):
    """A time that nobody can report on; one sentence."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to `end`, which is not part of it."""

    kind: str
    start: datetime
    end: datetime
    campaign: Campaign | None = None

    def until(self, now: datetime) -> datetime:
        """Its end, or now where it is not over."""
        return min(self.end, now)

    def title(self, now: datetime) -> str:
        """What a report of it is called."""
        so_far = ", so far" if now < self.end else ""
        if self.campaign is not None:
            return f"Campaign {self.campaign.name}, {_week_name(self.start)}{so_far}"
        name = f"{self.start:%Y-%m-%d}" if self.kind == Kind.DAILY else _week_name(self.start)
        return f"{Kind(self.kind).label} report {name}{so_far}"


def period_of(
    kind: str, on: date | None, now: datetime, campaign: Campaign | None = None
) -> Period:
    """The one that the day lies in; without a day the last that is over, of a campaign this week.

    PeriodError for one that has not begun.
    """
    length = DAY if kind == Kind.DAILY else WEEK
    today = now.astimezone(UTC).date()
    if on is not None and on < FIRST:
        raise PeriodError(
            f"{on} is before the first block of any chain; name a day from {FIRST} on"
        )
    day = on or (today if campaign else today - length)
    first = day if kind == Kind.DAILY else day - timedelta(days=day.weekday())
    start = datetime.combine(first, time(), UTC)
    if start >= now:
        raise PeriodError(f"{day} has not begun; name a day up to {today} (UTC)")
    return Period(kind, start, start + length, campaign)


def _week_name(start: datetime) -> str:
    year, week, _ = start.isocalendar()
    return f"week {year}-W{week:02}"
