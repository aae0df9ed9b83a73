"""Making reports and keeping them, once for each time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from analytics.models import Campaign, EquityPoint, Report
from analytics.reports.ask import MOST_ENTRIES
from analytics.reports.document import Document, digest_of, document_from_json
from analytics.reports.gathering import gather
from analytics.reports.periods import DAY, WEEK, Kind, Period, period_of

OPEN = (Campaign.Status.ANNOUNCED, Campaign.Status.SNAPSHOT, Campaign.Status.CLAIMABLE)


class ChangedReport(Exception):
    """A kept report is not what was kept: its digest is of something else."""


def keep_report(
    *, period: Period, now: datetime | None = None, most_entries: int = MOST_ENTRIES
) -> Report:
    """Make it and keep it; where another process was first, that one's stays."""
    document = gather(period, now, most_entries=most_entries)
    found, _ = Report.objects.get_or_create(
        kind=period.kind,
        campaign=period.campaign,
        start=period.start,
        defaults={
            "end": document.end,
            "made_at": document.made_at,
            "digest": document.digest,
            "document": document.as_json(),
        },
    )
    return found


def document_of(report: Report) -> Document:
    """What a kept report says; ChangedReport where somebody has changed it since."""
    if digest_of(report.document) != report.digest:
        raise ChangedReport(
            f"report {report.pk} was changed after it was made; make it anew with "
            "`manage.py report`, and look at who can write to the database"
        )
    return document_from_json(report.document)


def due_periods(now: datetime | None = None) -> list[Period]:
    """What the settings ask for and nobody has made, the last times that are over only."""
    moment = now or timezone.now()
    latest = moment - timedelta(minutes=settings.REPORT_MINUTES)
    wanted = [
        Period(kind, start, start + length)
        for kind, length in ((Kind.DAILY, DAY), (Kind.WEEKLY, WEEK))
        if kind in settings.REPORTS
        for start in [period_of(kind, None, latest).start]
    ]
    if Kind.CAMPAIGN in settings.REPORTS:
        last = period_of(Kind.WEEKLY, None, latest)
        wanted += [
            Period(Kind.CAMPAIGN, last.start, last.end, one)
            for one in Campaign.objects.filter(status__in=OPEN).order_by("pk")
        ]
    missing = [one for one in wanted if not _is_made(one)]
    # Before anything was added up there is nothing to tell of.
    return [one for one in missing if EquityPoint.objects.filter(at__lt=one.end).exists()]


def _is_made(period: Period) -> bool:
    same = Report.objects.filter(kind=period.kind, start=period.start, campaign=period.campaign)
    return same.exists()
