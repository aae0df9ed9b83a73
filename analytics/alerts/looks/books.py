"""Books, claims, reports."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Q

from analytics.alerts.facts import Fact, Look
from analytics.models import Campaign, Claim, Report, Unbooked
from analytics.reports.forms.words import message
from analytics.reports.services import ChangedReport, document_of

# What was made longer ago was told of, or nobody waits for it.
_NEWS = timedelta(hours=6)
_MOST_NEWS = 20


def unbooked(look: Look) -> Iterator[Fact]:
    """More than so many transactions that the books could not take."""
    count = Unbooked.objects.count()
    if count > look.threshold:
        yield Fact("books", f"{count} transactions are in no book yet; each says why")


def closing_claims(look: Look) -> Iterator[Fact]:
    """Campaigns with something left to claim that close within so many hours."""
    until = look.now + timedelta(hours=look.threshold)
    rows = Campaign.objects.filter(claim_closes_at__gt=look.now, claim_closes_at__lte=until)
    left = Count("claims", filter=Q(claims__status=Claim.Status.CLAIMABLE))
    for row in rows.annotate(left=left).filter(left__gt=0):
        told = f"{row.left} claims of {row.slug} close {row.claim_closes_at:%Y-%m-%d %H:%M} UTC"
        yield Fact(row.slug, told)


def ready_reports(look: Look) -> Iterator[Fact]:
    """Reports that workers have made lately."""
    rows = Report.objects.filter(made_at__gt=look.now - _NEWS).select_related("campaign")
    for row in rows.defer("document").order_by("-made_at")[:_MOST_NEWS]:
        yield Fact(f"report {row.pk}", f"{row} is ready")


def told_report(subject: str) -> str:
    """The report's few lines."""
    row = Report.objects.filter(pk=int(subject.rpartition(" ")[2])).first()
    if row is None:
        return ""
    try:
        found = message(document_of(row))
    except ChangedReport as error:
        return str(error)
    return f"{found.title}\n{found.text}"
