"""What a run does next: its next planned step, asking its action for more, or ending."""

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from protocols.actions import Action
from protocols.registry import UnknownAction
from scheduling.breakers import note_end
from scheduling.dependencies import wake_dependents
from scheduling.models import Run, Step
from scheduling.pauses import pause_reason, wait_for_resume
from scheduling.places import place_freed
from scheduling.planning import action_of
from scheduling.position_watch import positions_changed
from scheduling.retries import next_try
from scheduling.states import RUN, UNFINISHED_RUN, RunState, StepState
from scheduling.steps import WAITED, submit_step
from scheduling.timeouts import is_timed_out
from wallets.actors import this_worker
from wallets.transitions import move

log = structlog.get_logger(__name__)

# Begun, and not over.
_BEGUN = Q(state__in=(StepState.SUBMITTED, StepState.WAITING))


def lock_run(run: Run) -> Run:
    """Take the run before its steps, and see it as it is now; in a database transaction.

    Two workers that each settle one of its steps would not see what the other did.
    """
    seen = Run.objects.select_for_update()
    run.refresh_from_db(fields=("state", "version", "cancel_reason"), from_queryset=seen)
    return run


def go_on(run: Run) -> None:
    """Begin what follows the steps that are done. The run is locked.

    Nothing begins while a step is with the chain, be it one that a reorganisation sent back.
    """
    if run.state != RunState.RUNNING or run.steps.filter(_BEGUN).exists():
        return
    if run.cancel_reason:
        end_cancelled(run, run.cancel_reason)
        return
    following = run.steps.filter(state=StepState.PLANNED).order_by("index").first()
    if following is not None and is_timed_out(run):
        # Asking for a person takes the run by itself: not in here.
        Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
    elif following is not None:
        _begin(following, run)
    elif has_more(run) or not _ended_well(run):
        # What follows is asked of the chain: not in here.
        Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
    else:
        end_run(run, RunState.SUCCEEDED, "")


def _begin(step: Step, run: Run) -> None:
    """Unless a pause covers the run: then only a wait begins, which does nothing on a chain."""
    reason = "" if step.kind == Step.Kind.WAIT else pause_reason(run)
    if reason:
        wait_for_resume(run, reason)
    else:
        submit_step(step, run)


def _ended_well(run: Run) -> bool:
    """Whether the last step is done: what failed and was planned anew stands before it."""
    last = run.steps.order_by("index").last()
    return last is not None and last.state == StepState.SETTLED


def has_more(run: Run) -> bool:
    """Whether the action may have steps that it did not know at first."""
    try:
        return type(action_of(run)).go_on is not Action.go_on
    except UnknownAction:
        return True  # a person is asked when its turn comes


def is_under_way(run: Run) -> bool:
    """Whether the run has waited, so that what it began may be half done on another chain."""
    return run.steps.filter(kind=Step.Kind.WAIT, state__in=WAITED).exists()


def end_run(run: Run, state: RunState, sentence: str, *, again: bool = True) -> None:
    """End a run that has not ended yet, and say why.

    One that failed is looked at once more when it may be tried `again`, as its task says.
    """
    if run.state not in UNFINISHED_RUN:
        return
    with transaction.atomic():
        move(
            run,
            state,
            machine=RUN,
            actor=this_worker(),
            reason=sentence,
            detail=sentence[:500],
            wake_at=next_try(run) if again and state == RunState.FAILED else None,
        )
        note_end(run)
        positions_changed(run)
        wake_dependents(run)
        place_freed(run)
    log.info("run_ended", run=run.pk, origin=f"run:{run.pk}", state=str(state))


def end_cancelled(run: Run, told: str, *, actor: str = "") -> Run:
    """End a run that a person has cancelled; in the caller's database transaction."""
    actor = actor or this_worker()
    fields = {"detail": told[:500], "wake_at": None}
    with transaction.atomic():
        move(run, RunState.CANCELLED, machine=RUN, actor=actor, reason=told, **fields)
        positions_changed(run)
        wake_dependents(run)
        place_freed(run)
    return run
