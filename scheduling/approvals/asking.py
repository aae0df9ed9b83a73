"""A run that needs a second person waits with its plan, and begins with that very plan."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from scheduling.approvals.binding import (
    ApprovalChanged,
    digest_of,
    earliest_end,
    plan_from_json,
    plan_to_json,
    require_unchanged,
    rests_on,
)
from scheduling.approvals.reasons import reasons_of_run
from scheduling.following import lock_run
from scheduling.models import Approval, Run
from scheduling.planning import Planned
from scheduling.states import APPROVAL, FINISHED_RUN, ApprovalState
from scheduling.steps import window_end
from wallets.actors import this_worker
from wallets.transitions import LostRace, born, move

HOLDS = timedelta(hours=24)
OPEN_APPROVAL = (ApprovalState.ASKED, ApprovalState.APPROVED)
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Awaited:
    """Why the run waits, and until when nobody has to look at it."""

    sentence: str
    until: datetime


def open_approval(run: Run) -> Approval | None:
    """The one that stands, asked for or given; what time or the chain has overtaken is ended."""
    rows = Approval.objects.filter(run=run, state__in=OPEN_APPROVAL)
    found = rows.select_related("run__task__protocol", "run__task__network", "run__wallet").first()
    if found is None or not (ended := _reason_to_end(found)):
        return found
    move(found, ApprovalState.EXPIRED, machine=APPROVAL, actor=this_worker(), **_said(ended))
    return None


def _reason_to_end(found: Approval) -> str:
    if found.expires_at <= timezone.now():
        return "its time ran out; what the run plans anew is asked for anew"
    if found.plan.get("rests_on") != rests_on(found.run):
        return "what it rested on has changed; what the run plans anew is asked for anew"
    try:
        require_unchanged(found)
    except ApprovalChanged as error:
        return str(error)
    return ""


def _said(sentence: str) -> dict[str, str]:
    return {"reason": sentence, "detail": sentence[:500]}


def awaited(approval: Approval | None) -> Awaited | None:
    """What the run says while nobody has decided; None where there is nothing to wait for."""
    if approval is None or approval.state != ApprovalState.ASKED:
        return None
    return Awaited(f"waits for approval {approval.pk}", approval.expires_at)


def approved_plan(approval: Approval | None) -> Planned | None:
    """The plan that was consented to; None where one has to be made."""
    if approval is None or approval.state != ApprovalState.APPROVED:
        return None
    return plan_from_json(approval.plan)


def approval_holds(run: Run, planned: Planned, approval: Approval | None) -> Awaited | None:
    """Why the run may not begin these steps; None when it may.

    In the transaction that begins them, with the run's wallet locked.
    """
    if approval is not None:
        return None
    reasons = reasons_of_run(run, planned.steps)
    return awaited(_ask(run, planned, reasons)) if reasons else None


def use_approval(run: Run, approval: Approval | None) -> None:
    """What was consented to begins now, once; in the transaction that begins it."""
    if approval is None:
        return
    # As whoever decides: the run first.
    lock_run(run)
    move(approval, ApprovalState.USED, machine=APPROVAL, actor=this_worker())


def _ask(run: Run, planned: Planned, reasons: list[str]) -> Approval:
    ends = (timezone.now() + HOLDS, earliest_end(planned), window_end(run))
    row = Approval(
        run=run,
        first_step=run.steps.count(),
        plan=plan_to_json(run, planned),
        reasons=reasons,
        expires_at=min(end for end in ends if end),
        asked_for=run.asked_by,
    )
    row.digest = digest_of(row)
    row.save()
    born(row, machine=APPROVAL, actor=this_worker(), reason="; ".join(reasons))
    return row


def dead_approvals() -> QuerySet[Approval]:
    """Open ones that nobody needs to decide any more."""
    over = Q(expires_at__lte=timezone.now()) | Q(run__state__in=FINISHED_RUN)
    return Approval.objects.filter(over, state__in=OPEN_APPROVAL).order_by("pk")


def waiting_approvals() -> QuerySet[Approval]:
    """Those that wait for a person now."""
    asked = Approval.objects.filter(state=ApprovalState.ASKED, expires_at__gt=timezone.now())
    return asked.exclude(run__state__in=FINISHED_RUN)


def close_dead() -> int:
    """End those whose time ran out or whose run is over; how many."""
    rows = list(dead_approvals()[:_AT_ONCE])
    for row in rows:
        told = "its time ran out" if row.expires_at <= timezone.now() else "its run is over"
        with suppress(LostRace):
            move(row, ApprovalState.EXPIRED, machine=APPROVAL, actor=this_worker(), **_said(told))
    return len(rows)
