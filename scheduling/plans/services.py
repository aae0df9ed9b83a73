"""Approving, running, retrying and cancelling plans."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import LINE, PLAN, LineState, PlanState
from scheduling.plans.checks import refusals_of, rivals
from scheduling.plans.digest import require_unchanged
from scheduling.plans.fates import reason_not_to_retry
from scheduling.plans.making import Maker
from scheduling.plans.persons import reasons_for_second, without_safe
from scheduling.plans.stopping import stop_lines
from wallets.address_book import require_right, second_person_required
from wallets.models import Lease
from wallets.transactions.operator import NotPossible
from wallets.transitions import move
from wallets.wakeups import wake

# Balances older than this say nothing any more about what a plan should move.
BALANCES_HOLD = timedelta(hours=1)
# What was approved longer ago is looked at again before anything of it is signed.
APPROVAL_HOLDS = timedelta(days=1)
_APPROVING = "plans:approve"
_OPERATE, _APPROVE = "scheduling.operate_plan", "scheduling.approve_plan"


def approve_plan(*, plan: Plan, maker: Maker) -> Plan:
    """Consent to the plan as it was made: a second person's where one has to, else anybody's.

    Everything is looked at again, in the transaction that approves it.
    """
    Lease.objects.get_or_create(name=_APPROVING)
    with transaction.atomic():
        # One approval at a time: two plans that pay the same would not see each other.
        Lease.objects.select_for_update().get(name=_APPROVING)
        row = _locked(plan)
        _require(row, PlanState.DRAFT)
        lines = require_unchanged(row)
        _require_fresh(row)
        alone = _require_person(row, lines, maker)
        _require_allowed(row, lines)
        person = maker.person
        return move(
            row,
            PlanState.APPROVED,
            machine=PLAN,
            actor=maker.actor,
            reason=_consent(alone=alone, lines=len(lines)),
            approved_by_id=person.pk if person else None,
            approved_at=timezone.now(),
            approved_alone=alone,
        )


def run_plan(*, plan: Plan, maker: Maker) -> Plan:
    """Have the workers carry it out; asked twice it is carried out once."""
    _require_right(maker, _OPERATE)
    with transaction.atomic():
        row = _locked(plan)
        if row.state == PlanState.RUNNING:
            return row
        _require(row, PlanState.APPROVED)
        require_unchanged(row)
        _require_fresh(row)
        _require_lasting(row)
        _begin(row, maker, "")
        return row


def retry_plan(*, plan: Plan, maker: Maker) -> list[PlanLine]:
    """Try again the lines that failed, where it is certain that they did not happen."""
    _require_right(maker, _OPERATE)
    with transaction.atomic():
        row = _locked(plan)
        if row.state not in (PlanState.DONE, PlanState.RUNNING) or row.cancel_reason:
            raise NotPossible(f"{row} is {row.state}; only what ran can be retried")
        lines = require_unchanged(row)
        _require_lasting(row)
        failed = [line for line in lines if line.state == LineState.FAILED]
        if not failed:
            raise NotPossible(f"no line of {row} has failed")
        if reasons := list(filter(None, map(reason_not_to_retry, failed))):
            raise NotPossible("; ".join(reasons[:3]))
        _require_still_alone(row, lines)
        for line in failed:
            _again(line, maker)
        if row.state == PlanState.DONE:
            _begin(row, maker, f"{len(failed)} lines again")
    return failed


def cancel_plan(*, plan: Plan, maker: Maker, reason: str) -> Plan:
    """Start nothing more, take back what is not signed; what is signed is watched to its end."""
    _require_right(maker, _OPERATE)
    with transaction.atomic():
        row = _locked(plan)
        if row.state in (PlanState.DONE, PlanState.CANCELLED):
            raise NotPossible(f"{row} is {row.state} already")
        row.cancel_reason = (reason or "cancelled")[:300]
        Plan.objects.filter(pk=row.pk).update(cancel_reason=row.cancel_reason)
        stop_lines(row, actor=maker.actor, reason=row.cancel_reason)
        if row.state == PlanState.RUNNING:
            Plan.objects.filter(pk=row.pk).update(look_at=timezone.now())
            wake("plans")
            return row
        return move(
            row, PlanState.CANCELLED, machine=PLAN, actor=maker.actor, reason=row.cancel_reason
        )


def _locked(plan: Plan) -> Plan:
    return Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)


def _require(row: Plan, state: PlanState) -> None:
    if row.state != state:
        raise NotPossible(f"{row} is {row.state}, not {state}")


def is_stale(plan: Plan) -> bool:
    """Whether it rests on balances that say nothing any more."""
    read_at = plan.balances_at
    return read_at is not None and timezone.now() - read_at > BALANCES_HOLD


def _require_fresh(row: Plan) -> None:
    if is_stale(row):
        raise NotPossible(f"{row} rests on balances read more than an hour ago; make it anew")


def _require_lasting(row: Plan) -> None:
    if row.approved_at is None or timezone.now() - row.approved_at > APPROVAL_HOLDS:
        raise NotPossible(f"{row} was approved more than a day ago; make it anew")


def _require_right(maker: Maker, right: str) -> None:
    """A shell without a person may do this with what goes to safe addresses; it can do no other."""
    if maker.person is not None:
        require_right(maker.person, right)


def _require_person(row: Plan, lines: list[PlanLine], maker: Maker) -> bool:
    """Whether whoever consents is alone in it; NotPossible where they may not."""
    needed, person = reasons_for_second(row, lines), maker.person
    if person is None:
        if elsewhere := without_safe(lines):
            raise NotPossible(
                f"somebody must sign in to approve {row}: {elsewhere[0].recipient} is no listed "
                "safe address"
            )
        return True
    is_maker = person.pk == row.created_by_id
    require_right(person, _OPERATE if is_maker and not needed else _APPROVE)
    if not needed or not second_person_required():
        return bool(is_maker)
    if row.created_by_id is None:
        raise NotPossible(f"nobody knows who made {row}; cancel it and make it with --user")
    if is_maker:
        raise NotPossible(
            f"{person.get_username()} made {row}; a second person approves it: {'; '.join(needed)}"
        )
    return False


def _require_still_alone(row: Plan, lines: list[PlanLine]) -> None:
    """What failed took nothing of what one person may move; meanwhile that may be used up."""
    needed = reasons_for_second(row, lines)
    if row.approved_alone and needed and second_person_required():
        raise NotPossible(f"{row} now needs a second person; make it anew: {'; '.join(needed)}")


def _require_allowed(row: Plan, lines: list[PlanLine]) -> None:
    found = refusals_of(lines)
    wrong = [f"line {line.index}: {reason}" for line in lines for reason in found[line.index]]
    wrong += rivals(row, lines)
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise NotPossible("; ".join(wrong[:3]) + more)


def _consent(*, alone: bool, lines: int) -> str:
    whose = "one person alone" if alone else "a second person"
    return f"{lines} lines, by {whose}"


def _begin(row: Plan, maker: Maker, reason: str) -> None:
    now = timezone.now()
    move(
        row,
        PlanState.RUNNING,
        machine=PLAN,
        actor=maker.actor,
        reason=reason,
        look_at=now,
        detail="",
    )
    wake("plans")


def _again(line: PlanLine, maker: Maker) -> None:
    before = f"again; run {line.run_id} did not happen" if line.run_id else "again"
    move(
        line,
        LineState.WAITING,
        machine=LINE,
        actor=maker.actor,
        reason=f"{before}: {line.detail}",
        run=None,
        detail="",
        tries=line.tries + 1,
    )
