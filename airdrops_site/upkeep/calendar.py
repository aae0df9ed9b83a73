"""When upkeep is due. A time that was missed is made up once, when the system is there again."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# After the UTC day has ended and its sums are closed.
FIRST_HOUR = 3


class Every(StrEnum):
    """How often."""

    BACKUP_HOURS = "backup hours"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


def latest(every: Every, now: datetime) -> datetime | None:
    """The newest time of it that is not after `now`; None where it never is."""
    today = now.astimezone(UTC).replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)
    today -= DAY if today > now else timedelta(0)
    match every:
        case Every.BACKUP_HOURS:
            return _backup(now)
        case Every.DAY:
            return today
        case Every.WEEK:
            return today - today.weekday() * DAY
        case Every.MONTH:
            return today.replace(day=1)
        case Every.QUARTER:
            return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)


def following(every: Every, now: datetime) -> datetime | None:
    """The first time of it after `now`; None where it never is."""
    last = latest(every, now)
    if last is None:
        return None
    match every:
        case Every.BACKUP_HOURS:
            return last + settings.BACKUP_HOURS * HOUR
        case Every.DAY:
            return last + DAY
        case Every.WEEK:
            return last + 7 * DAY
        case Every.MONTH:
            return (last + 31 * DAY).replace(day=1)
        case Every.QUARTER:
            return (last + 92 * DAY).replace(day=1)


def _backup(now: datetime) -> datetime | None:
    """Counted from a fixed moment, so that every process finds the same."""
    if not settings.BACKUP_HOURS:
        return None
    length = settings.BACKUP_HOURS * HOUR
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + (now - start) // length * length
