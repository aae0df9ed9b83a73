"""A step that waited too long to be signed, planned anew while its task's window lasts."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from protocols.actions import PlanError
from scheduling.models import Run, Step
from scheduling.overlap import look_beside, reason_to_wait
from scheduling.planning import make_plan
from scheduling.states import STEP, ApprovalState, RunState, StepState
from scheduling.steps import begin_steps, sets_allowance, window_end
from wallets.actors import this_worker
from wallets.models import Wallet
from wallets.transactions.states import TransactionState as T
from wallets.transitions import LostRace, move

ANEW = "it expired before it was signed; planned anew"


def may_plan_anew(step: Step) -> bool:
    """Whether the step's transaction was never signed, and asking again can do nothing twice.

    The task's window bounds it: without one, or when it is over, the run ends with the deadline.
    """
    row, run = step.transaction, step.run
    end = window_end(run)
    if row is None or row.state != T.EXPIRED or run.state != RunState.RUNNING:
        return False
    if was_approved(run):
        return False
    if end is None or end <= timezone.now():
        return False
    done = run.steps.exclude(pk=step.pk).filter(index__lt=step.index)
    return all(_does_nothing_twice(one) for one in done)


def was_approved(run: Run) -> bool:
    """Whether a second person consented to its steps: no others are put in their place."""
    return run.approvals.filter(state=ApprovalState.USED).exists()


def said_of_approved(step: Step) -> str:
    """What is to be known of an approved step that was too late to be signed."""
    row = step.transaction
    if row is None or row.state != T.EXPIRED or not was_approved(step.run):
        return ""
    return "; what was approved holds only as it was: its next run is planned and approved anew"


def _does_nothing_twice(step: Step) -> bool:
    """Whether a plan from the start again takes account of the step: allowances are looked at."""
    if step.state == StepState.CANCELLED:
        return step.transaction is None or step.transaction.state == T.EXPIRED
    return step.state == StepState.SETTLED and sets_allowance(step) is not None


def plan_anew(step: Step) -> None:
    """Put steps of a new plan in the place of this one and those behind it; or one of NO_PLAN."""
    run = step.run
    before = look_beside(run)
    planned = make_plan(run)
    with transaction.atomic():
        Wallet.objects.select_for_update().get(pk=run.wallet_id)
        # The run before its steps and lanes, as whoever cancels it takes them.
        _update(run, planned.summary, planned.relies_on)
        if reason := reason_to_wait(run, planned.relies_on, before):
            raise PlanError(reason)
        for old in run.steps.filter(index__gt=step.index, state=StepState.PLANNED):
            move(old, StepState.CANCELLED, machine=STEP, actor=this_worker(), detail=ANEW)
        move(step, StepState.CANCELLED, machine=STEP, actor=this_worker(), detail=ANEW)
        begin_steps(run, planned)


def _update(run: Run, summary: str, relies_on: tuple[str, ...]) -> None:
    same = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, version=run.version)
    changes = {"summary": summary, "relies_on": list(relies_on), "version": F("version") + 1}
    if same.update(**changes) != 1:
        raise LostRace(f"run {run.pk} is no longer running")
