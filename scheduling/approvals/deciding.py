"""What a person may do with an approval that is asked for: consent to it, or decline it."""

from django.db import transaction
from django.utils import timezone

from scheduling.approvals.binding import require_unchanged
from scheduling.following import end_cancelled, is_under_way
from scheduling.models import Approval, Run
from scheduling.states import APPROVAL, FINISHED_RUN, STEP, ApprovalState, RunState, StepState
from scheduling.waits import need_operator
from wallets.address_book import Person, actor_of, require_right, second_person_required
from wallets.transactions.operator import NotPossible
from wallets.transitions import move
from wallets.wakeups import wake

RIGHT = "scheduling.approve_run"


def approve_run(*, approval: Approval, person: Person) -> Approval:
    """Consent to exactly these steps: the run begins with them, once, before it expires."""
    require_right(person, RIGHT)
    with transaction.atomic():
        row = _locked(approval)
        _require_open(row)
        require_unchanged(row)
        alone = _is_alone(row, person)
        Run.objects.filter(pk=row.run_id).update(wake_at=timezone.now())
        wake("advance")
        told = "by one person alone" if alone else "by a second person"
        return move(
            row,
            ApprovalState.APPROVED,
            machine=APPROVAL,
            actor=actor_of(person),
            reason=told,
            detail=told,
            decided_by_id=person.pk,
            decided_at=timezone.now(),
            decided_alone=alone,
        )


def decline_run(*, approval: Approval, person: Person, reason: str) -> Approval:
    """End the run before these steps; one that has value under way asks for a person instead.

    Until its first transaction is recorded consent can be taken back, too.
    """
    require_right(person, RIGHT)
    with transaction.atomic():
        row = _locked(approval)
        if row.state not in (ApprovalState.ASKED, ApprovalState.APPROVED):
            raise NotPossible(f"{row} is {row.state}; there is nothing to decline")
        _end(row.run, person, f"{row} was declined: {reason}")
        return move(
            row,
            ApprovalState.DECLINED,
            machine=APPROVAL,
            actor=actor_of(person),
            reason=reason,
            detail=reason[:500],
            decided_by_id=person.pk,
            decided_at=timezone.now(),
        )


def _locked(approval: Approval) -> Approval:
    """The run first, as workers lock it, then the approval."""
    Run.objects.select_for_update().get(pk=approval.run_id)
    rows = Approval.objects.select_for_update(of=("self",))
    related = ("run__task__protocol", "run__task__network", "run__wallet", "asked_for")
    return rows.select_related(*related).get(pk=approval.pk)


def _require_open(row: Approval) -> None:
    if row.state != ApprovalState.ASKED:
        raise NotPossible(f"{row} is {row.state}, not asked for")
    if row.expires_at <= timezone.now():
        raise NotPossible(f"{row} has expired; the run plans anew and asks again")
    if row.run.state in FINISHED_RUN:
        raise NotPossible(f"{row.run} is {row.run.state}; nothing of it begins any more")


def _is_alone(row: Approval, person: Person) -> bool:
    """Whether nobody else has looked at it; NotPossible where somebody else has to."""
    same = row.asked_for_id in (None, person.pk)
    if not same or not second_person_required():
        return same
    if row.asked_for is None:
        raise NotPossible(
            f"nobody knows who last said what {row.run.task} does; have it saved in the console "
            "by whoever answers for it, and its next run asks for somebody else"
        )
    raise NotPossible(
        f"{person.get_username()} said what {row.run.task} does; a second person approves it"
    )


def _end(run: Run, person: Person, told: str) -> None:
    for step in run.steps.filter(state=StepState.PLANNED):
        move(step, StepState.CANCELLED, machine=STEP, actor=actor_of(person), reason=told)
    if run.state == RunState.RUNNING and is_under_way(run):
        need_operator(run, told)
    elif run.state in (RunState.PENDING, RunState.HELD, RunState.RUNNING):
        end_cancelled(run, told, actor=actor_of(person))
