"""Questions to what was worked out."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from analytics.models import AllocationRun


@dataclass(frozen=True, slots=True)
class Line:
    """A bucket of an enabled policy as of its newest run: what it had, and what it should have.

    Without a target there is one line, which says the problem.
    """

    policy: str
    bucket: str
    current_cents: int | None
    current_bps: int | None
    target_cents: int | None
    target_bps: int | None
    at: datetime
    problem: str = ""


def latest() -> list[Line]:
    """Current and target of every enabled policy, from its newest run; one question."""
    return [line for run in latest_runs() for line in lines_of(run)]


def latest_runs() -> list[AllocationRun]:
    """The newest run of each enabled policy that has one, by name."""
    newest = AllocationRun.objects.filter(policy=OuterRef("policy")).order_by("-at", "-id")
    rows = AllocationRun.objects.filter(policy__enabled=True, pk=Subquery(newest.values("pk")[:1]))
    return list(rows.select_related("policy").order_by("policy__name"))


def lines_of(run: AllocationRun) -> list[Line]:
    """The lines of one."""
    name = run.policy.name
    if run.status == AllocationRun.Status.REFUSED:
        return [Line(name, "", None, None, None, None, run.at, run.problem)]
    return [
        Line(
            name,
            one["name"],
            one["current_cents"],
            one["current_bps"],
            one["target_cents"],
            one["target_bps"],
            run.at,
        )
        for one in run.lines
    ]
