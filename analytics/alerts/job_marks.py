"""How many jobs ended lately, and how many of them with an error.

Workers keep totals only, so a mark of them is made every few minutes.
"""

from datetime import datetime, timedelta

from analytics.models import JobMark
from wallets import tallies

EVERY, KEPT = timedelta(minutes=5), timedelta(hours=2)


def mark_jobs(now: datetime) -> None:
    """Make a mark unless there is one already, and forget those that nothing asks for."""
    if JobMark.objects.filter(at__gt=now - EVERY).exists():
        return
    ended, failed = _totals()
    JobMark.objects.get_or_create(at=now, defaults={"ended": ended, "failed": failed})
    JobMark.objects.filter(at__lt=now - KEPT).delete()


def jobs_since(moment: datetime) -> tuple[int, int] | None:
    """Jobs ended since the first mark that is not before the moment, and those of them that failed.

    None is unknown: there is no such mark.
    """
    first = JobMark.objects.filter(at__gte=moment).order_by("at").first()
    if first is None:
        return None
    ended, failed = _totals()
    return ended - first.ended, failed - first.failed


def _totals() -> tuple[int, int]:
    found = {"ok": 0, "failed": 0}
    for (name, labels), count in tallies.values().items():
        if name == tallies.JOBS:
            found[dict(labels)["outcome"]] += count
    return sum(found.values()), found["failed"]
