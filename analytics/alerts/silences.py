"""Of what nobody is told now."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from analytics.models import Alert, Silence


def standing_silences(now: datetime) -> QuerySet[Silence]:
    """Those that hold."""
    return Silence.objects.filter(until__gt=now, ended_at=None)


def silence_of(alert: Alert, silences: Iterable[Silence]) -> Silence | None:
    """The one that keeps the alert quiet the longest."""
    matching = [one for one in silences if _matches(one, alert)]
    return max(matching, key=lambda one: one.until, default=None)


def _matches(silence: Silence, alert: Alert) -> bool:
    return all(
        wanted in ("", found)
        for wanted, found in (
            (silence.rule, alert.rule),
            (silence.subject, alert.subject),
            (silence.severity, alert.severity),
        )
    )
