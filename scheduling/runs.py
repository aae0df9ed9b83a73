"""Carry runs from due to done: plan, submit step by step, settle from the chain."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import takewhile
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone

from protocols.actions import Settlement
from protocols.settlements import settlement_to_json
from scheduling.beginning import begin_run, hold_reason
from scheduling.continuing import continue_run
from scheduling.following import end_cancelled, end_run, go_on, is_under_way, lock_run
from scheduling.models import Run, Step
from scheduling.pace import LOOK_AGAIN
from scheduling.planning import NO_PLAN, context_of
from scheduling.points import DispatchPoint, RunPoint, WaitPoint
from scheduling.replanning import may_plan_anew, plan_anew, said_of_approved
from scheduling.retries import retry_when_due
from scheduling.settle import settle_step
from scheduling.states import RUN, STEP, RunState, StepState
from scheduling.timeouts import is_timed_out, timed_out
from scheduling.waits import look_at_wait, look_failed, look_for_waits, need_operator, settle_wait
from wallets import wakeups
from wallets.actors import this_worker
from wallets.chain.errors import ChainError
from wallets.models import SignedRequest, Transaction
from wallets.transactions.points import reached
from wallets.transactions.states import ENDED, Outcome, RequestState
from wallets.transactions.states import TransactionState as T
from wallets.transitions import LostRace, move

log = structlog.get_logger(__name__)

RUNS_PER_PASS = 50
SECONDS_PER_PASS = 30.0
# What a worker has begun to look at is not looked at by another meanwhile.
CLAIM = timedelta(seconds=15)
# As `wallets.transactions.states.is_decided` has it.
_DECIDED_REQUEST = (
    RequestState.ACKNOWLEDGED,
    RequestState.REJECTED,
    RequestState.REFUSED,
    RequestState.EXPIRED,
    RequestState.CANCELLED,
)
DECIDED = (
    Q(transaction__state__in=ENDED)
    | Q(transaction__state=T.CONFIRMED, transaction__outcome=Outcome.SUCCEEDED)
    | Q(request__state__in=_DECIDED_REQUEST)
)


def advance_runs(seconds: float = SECONDS_PER_PASS) -> int:
    """Look at every run that is due for it, most important first; then at what runs wait for.

    A job has a minute, after which its worker is killed: what slow nodes leave no time for has the
    next turn. Returns how many runs and decided steps there were.
    """
    begun = time.monotonic()
    started = _pending_runs()
    moved = _decided_steps()
    if RUNS_PER_PASS in (len(started), len(moved)):
        # There are more: for another worker, or for this one behind these.
        wakeups.wake("advance")
    # An adapter that fails in a way of its own keeps no other run from its turn.
    wakeups.each(_start, _until(begun + seconds * 2 / 3, started), failed=_put_off)
    wakeups.each(_finish, _until(begun + seconds, moved), failed=_not_settled)
    wakeups.each(_look, look_for_waits(), failed=look_failed)
    return len(started) + len(moved)


def _until[Row](end: float, rows: list[Row]) -> Iterator[Row]:
    return takewhile(lambda _: time.monotonic() < end, rows)


def _start(run: Run) -> None:
    with structlog.contextvars.bound_contextvars(**_named(run.pk), task=run.task.name):
        if _claim(run):
            _guarded(start_run, run)


def _named(run: int) -> dict[str, Any]:
    """What its lines are found by; `origin` is on those of its transactions too."""
    return {"run": run, "origin": f"run:{run}"}


def _claim(run: Run) -> bool:
    """Keep other workers from planning the same; a claim that is never given up runs out."""
    same = Run.objects.filter(pk=run.pk, version=run.version, wake_at=run.wake_at)
    run.wake_at = timezone.now() + CLAIM
    claimed = bool(same.update(wake_at=run.wake_at))
    reached(DispatchPoint.RUN_CLAIMED)
    return claimed


def _finish(step: Step) -> None:
    with structlog.contextvars.bound_contextvars(**_named(step.run_id), step=step.index):
        _guarded(finish_step, step)


def _look(step: Step) -> None:
    with structlog.contextvars.bound_contextvars(**_named(step.run_id), step=step.index):
        _guarded(finish_wait, step)


def _put_off(run: Run, error: Exception) -> None:
    """A bug in an adapter: what has begun nothing is tried again, what has asks for a person."""
    told = f"planning it failed ({type(error).__name__}); the log says where"
    begun = Run.objects.filter(pk=run.pk, state=RunState.RUNNING).exists()
    if begun and not isinstance(error, DatabaseError):
        need_operator(run, told)
    else:
        _postpone(run, told)


def _not_settled(step: Step, error: Exception) -> None:
    """It has its next turn behind those that wait for their first."""
    told = f"settling failed ({type(error).__name__}); the log says where"
    same = Step.objects.filter(pk=step.pk, state=StepState.SUBMITTED)
    same.update(looks=F("looks") + 1, detail=told)


def _pending_runs() -> list[Run]:
    rows = Run.objects.filter(wake_at__lte=timezone.now()).order_by("-priority", "wake_at", "pk")
    related = ("task__protocol", "task__network", "wallet", "occurrence")
    return list(rows.select_related(*related)[:RUNS_PER_PASS])


def _decided_steps() -> list[Step]:
    rows = Step.objects.filter(DECIDED, state=StepState.SUBMITTED)
    related = (
        "run__task__protocol",
        "run__task__network",
        "run__wallet",
        "transaction__network",
        "request",
    )
    return list(rows.select_related(*related).order_by("looks", "id")[:RUNS_PER_PASS])


def _guarded[Row: (Run, Step)](work: Callable[[Row], None], row: Row) -> None:
    try:
        work(row)
    except LostRace:
        log.info("run_lost_race")
        if isinstance(row, Run):
            Run.objects.filter(pk=row.pk, wake_at=row.wake_at).update(wake_at=timezone.now())
    except ChainError as error:
        run = row if isinstance(row, Run) else row.run
        log.warning("run_waits_for_rpc", reason=str(error))
        _postpone(run, f"waits for the network: {error}")
        if isinstance(row, Step):
            _not_settled(row, error)


def start_run(run: Run) -> None:
    """Plan a pending run and submit its first step; or say why it waits or failed."""
    match run.state:
        case RunState.RUNNING:
            continue_run(run)
        case RunState.FAILED:
            retry_when_due(run)
        case RunState.PENDING | RunState.HELD:
            begin_run(run)
        case _:
            Run.objects.filter(pk=run.pk, state=run.state).update(wake_at=None)


def finish_step(step: Step) -> None:
    """Settle a step whose transaction is decided, and go on with the run."""
    row, run = step.transaction, step.run
    if step.request is not None:
        _finish_request(step, step.request)
        return
    if row is None:
        return
    if row.state not in (T.CONFIRMED, T.FINAL) or row.outcome != Outcome.SUCCEEDED:
        _finish_failed(step, row)
        return
    fields = settle_step(step, context_of(run, row.network))
    with transaction.atomic():
        lock_run(run)
        move(step, StepState.SETTLED, machine=STEP, actor=this_worker(), **fields)
        go_on(run)
    reached(RunPoint.STEP_SETTLED)


def finish_wait(step: Step) -> None:
    """Look for what the step waits for, and go on with the run once it is there."""
    found = look_at_wait(step)
    if found is None:
        return
    with transaction.atomic():
        lock_run(step.run)
        settle_wait(step, found)
        go_on(step.run)
    reached(WaitPoint.SETTLED)


def _finish_request(step: Step, request: SignedRequest) -> None:
    if request.state != RequestState.ACKNOWLEDGED:
        _fail(step, request.detail or f"the request ended {request.state}")
        return
    with transaction.atomic():
        lock_run(step.run)
        move(
            step,
            StepState.SETTLED,
            machine=STEP,
            actor=this_worker(),
            found={"answer": request.answer},
            settlement=settlement_to_json(Settlement()),
        )
        go_on(step.run)
    reached(RunPoint.STEP_SETTLED)


def _finish_failed(step: Step, row: Transaction) -> None:
    """Plan anew what waited too long to be signed; all else ends the run."""
    replaced = row.replaced_because if row.outcome == Outcome.REPLACED else ""
    sentence = row.detail or replaced or f"the transaction ended {row.outcome or row.state}"
    if is_timed_out(step.run):
        sentence = f"{timed_out(step.run)}; {sentence}"
    elif may_plan_anew(step) and not step.run.cancel_reason:
        reason = hold_reason(step.run)
        try:
            if not reason:
                plan_anew(step)
                return
        except NO_PLAN as error:
            reason = str(error)
        sentence = f"{sentence}; it cannot be planned anew: {reason}"
    _fail(step, sentence + said_of_approved(step))


def _fail(step: Step, sentence: str) -> None:
    """End the run with the step; where it has waited, value may be under way: a person goes on."""
    run, told = step.run, f"{step.label}: {sentence}"
    with transaction.atomic():
        lock_run(run)
        move(step, StepState.FAILED, machine=STEP, actor=this_worker(), detail=sentence[:500])
        if run.cancel_reason and run.state == RunState.RUNNING:
            end_cancelled(run, f"{run.cancel_reason}; {told}")
        elif is_under_way(run):
            for row in run.steps.filter(state=StepState.PLANNED):
                move(row, StepState.CANCELLED, machine=STEP, actor=this_worker(), reason=told)
            need_operator(run, told)
        else:
            end_run(run, RunState.FAILED, told)
    reached(RunPoint.RUN_ENDED)


def unsettle_reorganised() -> int:
    """Steps settled from a receipt that a reorganisation undid are settled again; how many."""
    undone = Step.objects.filter(state=StepState.SETTLED, settled_receipt__canonical=False)
    rows = list(undone.select_related("run").order_by("id")[:RUNS_PER_PASS])
    wakeups.each(_unsettle, rows)
    return len(rows)


def _unsettle(step: Step) -> None:
    """Its transaction may end otherwise now, and so may a run that counted as succeeded."""
    reason = "its block was replaced by a reorganisation"
    with transaction.atomic():
        lock_run(step.run)
        move(step, StepState.SUBMITTED, machine=STEP, actor=this_worker(), reason=reason)
        if step.run.state == RunState.SUCCEEDED:
            move(step.run, RunState.RUNNING, machine=RUN, actor=this_worker(), reason=reason)


def _postpone(run: Run, sentence: str) -> None:
    started = (RunState.PENDING, RunState.RUNNING)
    awake = Run.objects.filter(pk=run.pk, state__in=started, wake_at__isnull=False)
    awake.update(wake_at=timezone.now() + LOOK_AGAIN, detail=sentence[:500])
