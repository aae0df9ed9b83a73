"""How old a figure may be that a gate relies on: the `max_age` limits, one rule for all gates."""

from datetime import datetime, timedelta

from django.utils import timezone

from scheduling.gates.registry import Subject
from wallets.models import Limit


def too_old(subject: Subject, what: str, at: datetime | None, *, otherwise: timedelta) -> str:
    """Why the figure counts as unknown; empty for one that is fresh.

    `otherwise` is the age that is too much where no limit covers the subject.
    """
    if at is None:
        return f"{what} is not known"
    limits = subject.limits.amounts(subject.row, Limit.Kind.MAX_AGE)
    allowed = min((timedelta(seconds=one) for one in limits), default=otherwise)
    age = timezone.now() - at
    if age <= allowed:
        return ""
    return (
        f"{what} is {age.total_seconds():.0f} s old, older than {allowed.total_seconds():.0f} s, "
        "and counts as unknown"
    )
