"""A report in no form yet: every section is asked, in the order in which it is read."""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from analytics.reports.ask import Ask
from analytics.reports.document import Document, Section
from analytics.reports.periods import Kind, Period
from analytics.reports.sections.allocation import allocation_section
from analytics.reports.sections.campaign import about_section, outcome_section, wallets_section
from analytics.reports.sections.campaigns import campaigns_section
from analytics.reports.sections.fees import fees_section
from analytics.reports.sections.forecasts import claims_section, forecasts_section
from analytics.reports.sections.measures import measures_section
from analytics.reports.sections.people import minimums_section, people_section
from analytics.reports.sections.returns import returns_section
from analytics.reports.sections.safety import gates_section, risk_section
from analytics.reports.sections.standing import standing_section
from analytics.reports.sections.unknown import unknown_section
from analytics.reports.sections.work import runs_section, transactions_section
from analytics.reports.sections.worth import worth_section

SECTIONS: tuple[Callable[[Ask], Section], ...] = (
    people_section,
    worth_section,
    returns_section,
    measures_section,
    fees_section,
    transactions_section,
    runs_section,
    gates_section,
    risk_section,
    minimums_section,
    campaigns_section,
    allocation_section,
    forecasts_section,
    unknown_section,
)
OF_CAMPAIGN: tuple[Callable[[Ask], Section], ...] = (
    about_section,
    outcome_section,
    wallets_section,
    standing_section,
    claims_section,
    unknown_section,
)


def gather(
    period: Period, now: datetime | None = None, *, most_entries: int | None = None
) -> Document:
    """All that a report of the time says; what is about now is as of `now`.

    A number of questions that does not grow with the books, but for the cost basis, which reads
    them entry by entry: that stays unknown where there are more than `most_entries`.
    """
    moment = now or timezone.now()
    ask = Ask(period, moment, most_entries)
    sections = OF_CAMPAIGN if period.kind == Kind.CAMPAIGN else SECTIONS
    found = tuple(section(ask) for section in sections)
    return Document(
        kind=period.kind,
        title=period.title(moment),
        start=period.start,
        end=ask.until,
        made_at=moment,
        campaign=period.campaign.slug if period.campaign else "",
        sections=tuple(one for one in found if _says(one)),
    )


def _says(section: Section) -> bool:
    return bool(section.facts or section.tables or section.charts or section.notes)
