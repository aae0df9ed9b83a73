"""What happened to a run, in order: who, what, when, why it was held."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from scheduling.models import Approval, Run, Step
from wallets.models import Transition


@dataclass(frozen=True, slots=True)
class Moment:
    """A change of the run, of a step of it, or of what those asked for."""

    at: datetime
    what: str
    from_state: str
    to_state: str
    reason: str
    actor: str


def timeline_of(run: Run) -> list[Moment]:
    """Every change of the run and all that belongs to it, the oldest first; two queries."""
    steps = list(run.steps.values_list("pk", "index", "label", "transaction_id", "request_id"))
    names = {("run", run.pk): "run"}
    for pk, index, label, row, request in steps:
        names[("step", pk)] = f"step {index + 1}, {label}"
        names[("transaction", row)] = f"transaction {row}"
        names[("signed_request", request)] = f"signed request {request}"
    return [_moment(row, names) for row in _changes(run)]


def _changes(run: Run) -> list[Transition]:
    steps = Step.objects.filter(run=run).order_by()
    approvals = Approval.objects.filter(run=run).order_by()
    rows = Transition.objects.filter(
        Q(subject="run", subject_id=run.pk)
        | Q(subject="step", subject_id__in=steps.values("pk"))
        | Q(subject="transaction", subject_id__in=steps.values("transaction"))
        | Q(subject="signed_request", subject_id__in=steps.values("request"))
        | Q(subject="approval", subject_id__in=approvals.values("pk"))
    )
    return list(rows.order_by("id"))


def _moment(row: Transition, names: dict[tuple[str, int], str]) -> Moment:
    return Moment(
        at=row.at,
        what=names.get((row.subject, row.subject_id), f"{row.subject} {row.subject_id}"),
        from_state=row.from_state,
        to_state=row.to_state,
        reason=row.reason,
        actor=row.actor,
    )
