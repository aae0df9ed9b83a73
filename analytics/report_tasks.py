"""What the workers do about reports: make each that is due, once."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from analytics.reports.services import due_periods, keep_report
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

log = structlog.get_logger(__name__)

REPORTS = "reports"
# Longer than any job may take: a report that cannot be made is not tried again at once.
LEASE, AGAIN = timedelta(minutes=10), timedelta(minutes=1)


def register_wakeups() -> None:
    """Register it with the pulse."""
    wakeups.register(wakeups.Periodic(REPORTS, "analytics.report_tasks.make_reports", _due))


def make_reports() -> None:
    """The first one that is due; the pulse asks again for the next."""
    owner = this_worker()
    if not leases.take(REPORTS, owner=owner, duration=LEASE):
        return
    due = due_periods()
    for period in due[:1]:
        report = keep_report(period=period)
        log.info("report_made", report=report.pk, kind=report.kind, start=str(report.start))
    pause = timedelta(0) if len(due) > 1 else AGAIN
    leases.release(REPORTS, owner=owner, free_from=timezone.now() + pause)


def _due() -> Iterator[str]:
    busy = Lease.objects.filter(pk=REPORTS, expires_at__gt=timezone.now())
    if settings.REPORTS and not busy.exists():
        yield ""
