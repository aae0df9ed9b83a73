"""The check of the workers' queue: how many jobs wait, and for how long."""

from datetime import timedelta

from django.db.models import Min
from django_q.models import OrmQ

from airdrops_site.health.component import Component, Severity
from airdrops_site.health.survey import Survey
from wallets.models import WakeUp
from wallets.wakeups import LONGEST_JOB

# A job in a worker's hand stands in the queue until it has ended, dated from when it was taken.
SLOW_AFTER = LONGEST_JOB + timedelta(seconds=30)
# More would not be a number worth reading, and counting them all takes as long as they are many.
COUNTED = 1_000


def look_at_queue(survey: Survey) -> Component:
    """`jobs` with the broker in the database, up to COUNTED; `slow` when one lies there for long.

    Behind another broker it is always empty: what waits too long shows in the scheduler then.
    """
    jobs = OrmQ.objects.order_by().values("pk")[:COUNTED].count()
    oldest = OrmQ.objects.aggregate(at=Min("lock"))["at"]
    waited = survey.age(oldest) if oldest else 0.0
    details = {"oldest_seconds": round(waited, 1), "failed": _failed()}
    if waited <= SLOW_AFTER.total_seconds():
        return Component({"status": "flowing", "jobs": jobs}, details=details)
    problem = f"A job has waited {waited:.0f} s; see that workers run, and read their log."
    return Component({"status": "slow", "jobs": jobs}, Severity.DEGRADED, details, (problem,))


def _failed() -> list[dict[str, object]]:
    """The jobs whose last try ended with an error nobody expected."""
    failed = WakeUp.objects.exclude(last_error="").order_by("key")
    return [
        {"job": key, "error": error, "failures": failures}
        for key, error, failures in failed.values_list("key", "last_error", "failures")[:20]
    ]
