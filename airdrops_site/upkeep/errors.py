"""The daily look at what failed and at what waits for a person."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Failure

from airdrops_site.upkeep.results import Result
from scheduling.models import Run
from wallets.models import SignedRequest, Transaction, WakeUp

A_DAY = timedelta(days=1)


def review_errors(_by: str) -> Result:
    """Counts of the last day, and of all that needs an operator whenever it came."""
    since = timezone.now() - A_DAY
    waits = {"state": "needs_operator"}
    counts = {
        "transactions that need an operator": Transaction.objects.filter(**waits).count(),
        "requests that need an operator": SignedRequest.objects.filter(**waits).count(),
        "runs that need an operator": Run.objects.filter(**waits).count(),
        "runs that failed within a day": Run.objects.filter(
            state="failed", state_changed_at__gte=since
        ).count(),
        "jobs that ended badly within a day": Failure.objects.filter(stopped__gte=since).count(),
    }
    findings = [f"{count} {what}" for what, count in counts.items() if count]
    failing = WakeUp.objects.exclude(last_error="").order_by("key")
    findings += [f"the last job {row.key} failed: {row.last_error}" for row in failing[:50]]
    looked = f"{len(findings)} things to look at."
    summary = looked if findings else "Nothing failed, nothing waits."
    return Result(summary, findings, figures=counts)
