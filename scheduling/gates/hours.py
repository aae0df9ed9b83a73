"""Work only in the hours that are allowed for it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from scheduling.gates.registry import Subject
from scheduling.models import AllowedHours
from wallets.models import ScopeKind

_DAY = timedelta(days=1)
# A weekly row opens within a week and a day of any moment.
_DAYS = range(-1, 9)


class HoursGate:
    """Holds outside of the allowed hours of every scope that covers the subject.

    An approved plan is carried out when a person says so, and passes.
    """

    name = "hours"

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """A sentence for each that has to wait, with when it may go on."""
        rows = list(AllowedHours.objects.filter(enabled=True))
        now = timezone.now()
        return ["" if one.is_approved else hours_sentence(one, rows, now) for one in subjects]


def hours_sentence(subject: Subject, rows: Iterable[AllowedHours], now: datetime) -> str:
    """Why it has to wait; empty where each scope with hours allows it now."""
    scopes: dict[tuple[str, str], list[AllowedHours]] = {}
    for row in rows:
        if covers(row, subject):
            scopes.setdefault((row.scope_kind, row.scope_value), []).append(row)
    for (_, value), alike in scopes.items():
        if not any(is_open(row, now) for row in alike):
            opens = min(next_opening(row, now) for row in alike)
            listed = " or ".join(map(str, alike))
            return (
                f"outside the allowed hours of {value or 'everything'} ({listed}); they begin "
                f"again at {opens:%Y-%m-%d %H:%M} UTC"
            )
    return ""


def covers(row: AllowedHours, subject: Subject) -> bool:
    """Whether the hours are the subject's."""
    about = subject.row
    match row.scope_kind:
        case ScopeKind.EVERYTHING:
            return True
        case ScopeKind.NETWORK:
            return row.scope_value == about.network.slug
        case ScopeKind.PROTOCOL:
            return row.scope_value == about.protocol
        case ScopeKind.ACTION:
            return row.scope_value == about.action
    return row.scope_value == about.lane.wallet.label


def is_open(row: AllowedHours, now: datetime) -> bool:
    """Whether the moment is within the row's hours."""
    return any(begins <= now < ends for begins, ends in _spans(row, now))


def next_opening(row: AllowedHours, now: datetime) -> datetime:
    """When its hours next begin."""
    return min(begins for begins, _ in _spans(row, now) if begins > now)


def _spans(row: AllowedHours, now: datetime) -> list[tuple[datetime, datetime]]:
    """The row's hours around the moment, as its place's clocks have them, in UTC."""
    place = ZoneInfo(row.timezone)
    today = now.astimezone(place).date()
    wanted = set(row.days)
    found = []
    for day in (today + offset * _DAY for offset in _DAYS):
        if day.weekday() not in wanted:
            continue
        last = day if row.ends > row.begins else day + _DAY
        begins = datetime.combine(day, row.begins, place).astimezone(UTC)
        found.append((begins, datetime.combine(last, row.ends, place).astimezone(UTC)))
    return found
