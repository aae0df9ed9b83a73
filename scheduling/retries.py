"""Runs that failed, tried again: only where what failed has surely moved nothing and never will."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from scheduling.dependencies import wake_dependents
from scheduling.expressions.readings import as_written
from scheduling.models import Run, Step, Task
from scheduling.states import RUN, STEP, RunState, StepState
from scheduling.steps import sets_allowance, window_end
from wallets.actors import this_worker
from wallets.models import Transaction
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import Outcome, RequestState
from wallets.transactions.states import TransactionState as T
from wallets.transitions import LostRace, move, noted
from wallets.wakeups import wake

LONGEST_PAUSE = timedelta(days=1)
# Each pause is up to a quarter longer, so that what failed together is not tried again together.
_MOST_JITTER = 250
_NEVER_SIGNED = (T.REFUSED, T.EXPIRED, T.CANCELLED)
_NEVER_SENT = (RequestState.REFUSED, RequestState.EXPIRED, RequestState.CANCELLED)
ANEW = "the run is tried again"


def next_try(run: Run) -> datetime | None:
    """When a run that is failing now is tried again by itself; None where it is not."""
    if run.tries >= run.task.max_retries or not run.task.enabled:
        return None
    seconds = run.task.retry_seconds * 2 ** min(run.tries, 20)
    jittered = seconds * (1000 + secrets.randbelow(_MOST_JITTER + 1)) / 1000
    return timezone.now() + min(timedelta(seconds=jittered), LONGEST_PAUSE)


def is_tried_again(run: Run) -> bool:
    """Whether it failed and would be tried again by itself."""
    return run.state == RunState.FAILED and run.wake_at is not None


def retry_when_due(run: Run) -> None:
    """Try a failed run again by itself, unless a person ended what it began, or it may not be."""
    try:
        with transaction.atomic():
            _require_awaited(run)
            if reason := _reason_to_leave(run):
                raise NotPossible(reason)
            retry_run(run=run, actor=this_worker(), reason=f"try {run.tries + 2}")
    except NotPossible as error:
        told = f"{run.detail}; not tried again: {error}"[:500]
        failed = Run.objects.filter(pk=run.pk, state=RunState.FAILED, version=run.version)
        failed.update(wake_at=None, detail=told)
        wake_dependents(run)


def stop_retrying(run: Run, told: str, *, actor: str) -> Run:
    """Have a failed run, which is locked, stay as it ended."""
    noted(run, machine=RUN, actor=actor, reason=told)
    run.wake_at, run.detail = None, f"{run.detail[:170]}; not tried again: {told}"
    run.save(update_fields=("wake_at", "detail"))
    wake_dependents(run)
    return run


def retry_run(*, run: Run, actor: str, reason: str) -> Run:
    """Have a failed run begin anew; NotPossible with the reason why not.

    Its old steps stay as they ended, those of the new plan come behind them.
    """
    with transaction.atomic():
        locked = Run.objects.select_for_update(of=("self",)).select_related("task", "occurrence")
        row = locked.get(pk=run.pk)
        if refused := reason_not_to_retry(row):
            raise NotPossible(refused)
        for step in row.steps.filter(state=StepState.PLANNED):
            move(step, StepState.CANCELLED, machine=STEP, actor=actor, reason=ANEW, detail=ANEW)
        try:
            move(
                row,
                RunState.PENDING,
                machine=RUN,
                actor=actor,
                reason=reason,
                detail="",
                tries=row.tries + 1,
                started_at=None,
                params=as_written(row),
                readings={},
                wake_at=timezone.now(),
            )
        except LostRace as error:
            raise NotPossible(f"run {row.pk} went on meanwhile") from error
        wake("advance")
    return row


def reason_not_to_retry(run: Run) -> str:
    """Why the run may not be tried again; empty where it may."""
    if run.state != RunState.FAILED:
        return f"run {run.pk} is {run.state}; only failed runs are tried again"
    if run.task.plan_id is not None:
        return f"run {run.pk} carries a line of a plan; retry that line"
    end = window_end(run)
    if end is not None and end <= timezone.now():
        return f"the window of run {run.pk} ended at {end:%Y-%m-%d %H:%M:%S} UTC"
    steps = run.steps.select_related("transaction", "request").order_by("index")
    if any(_was_something_else(step, run) for step in steps):
        return f"{run.task} does something else now than when run {run.pk} was made"
    return next(filter(None, map(_did_something, steps)), "")


def _did_something(step: Step) -> str:
    """What the step has done, or may have done; empty where it surely did nothing that counts."""
    row, request = step.transaction, step.request
    if step.state == StepState.SETTLED and row is not None:
        return "" if sets_allowance(step) else f"{step.label} is done: it would be done twice"
    if step.state in (StepState.SUBMITTED, StepState.WAITING, StepState.SETTLED):
        return f"{step.label} is {step.state}: what follows is not known to be undone"
    if step.kind == Step.Kind.WAIT and step.state == StepState.FAILED:
        return f"{step.label} failed, and what was under way may be still"
    if request is not None and request.state not in _NEVER_SENT:
        return f"{step.label} was sent: the venue may have acted on it"
    return "" if row is None or came_to_nothing(row) else _unsure(step, row)


def _was_something_else(step: Step, run: Run) -> bool:
    """Whether what the task does was changed since the step was recorded."""
    row, task = step.transaction, run.task
    if row is None:
        return False
    # A step that names a chain is on that one, wherever the task is.
    moved = step.spec.get("chain_id") is None and row.network_id != task.network_id
    return moved or (row.protocol, row.action) != (task.protocol.slug, task.action)


def came_to_nothing(row: Transaction) -> bool:
    """Whether the transaction has moved nothing and no reorganisation can change that.

    What replaced it from elsewhere, with the same key, may have done the same.
    """
    if row.state in _NEVER_SIGNED:
        return True
    if row.state != T.FINAL or row.outcome not in (Outcome.REVERTED, Outcome.REPLACED):
        return False
    return not row.attempts.filter(foreign=True).exists()


def _unsure(step: Step, row: Transaction) -> str:
    stands = f"{row.state} {row.outcome}".strip()
    return f"{step.label}: transaction {row.pk} is {stands}; it is not sure that it did nothing"


def _require_awaited(run: Run) -> None:
    """LostRace where a person has tried it, or stopped that, since it was read."""
    locked = Run.objects.select_for_update().get(pk=run.pk)
    if locked.wake_at is None or locked.version != run.version:
        raise LostRace(f"run {run.pk} is not tried again by itself any more")


def _reason_to_leave(run: Run) -> str:
    if not Task.objects.filter(pk=run.task_id, enabled=True).exists():
        return "its task is switched off"
    rows = Transaction.objects.filter(step__run=run)
    cancelled = Q(state=T.CANCELLED) | Q(outcome=Outcome.REPLACED)
    requests = run.steps.filter(request__state=RequestState.CANCELLED)
    if rows.filter(cancelled).exists() or requests.exists():
        return "a person cancelled what it had begun"
    return ""
