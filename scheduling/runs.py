"""Carry runs from due to done: plan, submit step by step, settle from the chain."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from protocols.actions import Call, Context, Plan, PlanError, PlannedStep
from protocols.context import build_context
from protocols.params import BadParameters, read_params
from protocols.registry import UnknownAction, get_action
from scheduling.models import Run, Step
from scheduling.settle import settle_step
from scheduling.specs import call_from_json, call_to_json
from scheduling.states import FINISHED_RUN, RUN, STEP, RunState, StepState
from wallets.actors import this_worker
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Wallet
from wallets.services import Intent, submit_transaction
from wallets.transactions.states import Outcome
from wallets.transactions.states import TransactionState as T
from wallets.transitions import LostRace, born, move

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=10)
RUNS_PER_PASS = 50
ENDED = (T.FINAL, T.REFUSED, T.EXPIRED, T.CANCELLED, T.VOIDED)
# A success counts once confirmed; a failure before finality does not exist.
DECIDED = Q(transaction__state__in=ENDED) | Q(
    transaction__state=T.CONFIRMED, transaction__outcome=Outcome.SUCCEEDED
)


def advance_runs() -> int:
    """Look at every run that is due for it, most important first; returns how many."""
    started = _pending_runs()
    moved = _decided_steps()
    for run in started:
        with structlog.contextvars.bound_contextvars(run=run.pk, task=run.task.name):
            _guarded(start_run, run)
    for step in moved:
        with structlog.contextvars.bound_contextvars(run=step.run_id, step=step.index):
            _guarded(finish_step, step)
    return len(started) + len(moved)


def _pending_runs() -> list[Run]:
    rows = Run.objects.filter(wake_at__lte=timezone.now()).order_by("-priority", "wake_at")
    return list(rows.select_related("task__protocol", "task__network", "wallet")[:RUNS_PER_PASS])


def _decided_steps() -> list[Step]:
    rows = Step.objects.filter(DECIDED, state=StepState.SUBMITTED)
    related = ("run__task__protocol", "run__task__network", "run__wallet", "transaction")
    return list(rows.select_related(*related).order_by("id")[:RUNS_PER_PASS])


def _guarded[Row: (Run, Step)](work: Callable[[Row], None], row: Row) -> None:
    try:
        work(row)
    except LostRace:
        log.info("run_lost_race")
    except ChainError as error:
        run = row if isinstance(row, Run) else row.run
        log.warning("run_waits_for_rpc", reason=str(error))
        _postpone(run, f"waits for the network: {error}")


def start_run(run: Run) -> None:
    """Plan a pending run and submit its first step; or say why it waits or failed."""
    if run.state == RunState.HELD:
        run = move(run, RunState.PENDING, machine=RUN, actor=this_worker(), reason="looked at")
    if run.state != RunState.PENDING:
        Run.objects.filter(pk=run.pk).update(wake_at=None)
        return
    if reason := _hold_reason(run):
        _hold(run, reason)
        return
    asked_at, before = timezone.now(), {other.pk for other in _running_beside(run)}
    try:
        plan = _plan(run)
        calls = [_only_call(step) for step in plan.steps]
    except (PlanError, BadParameters, UnknownAction) as error:
        _end(run, RunState.FAILED, str(error))
        return
    with transaction.atomic():
        # One start of a run at a time per wallet: two at once would not see each other.
        Wallet.objects.select_for_update().get(pk=run.wallet_id)
        if other := _in_the_way(run, plan, before, asked_at):
            _hold(run, f"waits for run {other.pk}, which uses the same allowance")
            return
        move(
            run,
            RunState.RUNNING,
            machine=RUN,
            actor=this_worker(),
            summary=plan.summary[:300],
            relies_on=list(plan.relies_on),
            detail="",
            wake_at=None,
        )
        steps = [_create_step(run, index, call) for index, call in enumerate(calls)]
        _submit(steps[0], run)


def _hold(run: Run, reason: str) -> None:
    move(
        run,
        RunState.HELD,
        machine=RUN,
        actor=this_worker(),
        reason=reason,
        detail=reason,
        wake_at=timezone.now() + LOOK_AGAIN,
    )


def _running_beside(run: Run, since: datetime | None = None) -> list[Run]:
    """Other runs of the wallet on the network that run now, or ended at `since` or later."""
    lately = Q(state=RunState.RUNNING)
    if since is not None:
        lately |= Q(state__in=FINISHED_RUN, state_changed_at__gte=since)
    rows = Run.objects.filter(lately, wallet=run.wallet_id, task__network=run.task.network_id)
    return list(rows.exclude(pk=run.pk).order_by("pk"))


def _in_the_way(run: Run, plan: Plan, before: set[int], asked_at: datetime) -> Run | None:
    """A run that relied on the same as this plan while the plan was being made, or does now."""
    wanted = set(plan.relies_on)
    if not wanted:
        return None
    beside = {other.pk: other for other in _running_beside(run, since=asked_at)}
    beside |= {other.pk: other for other in Run.objects.filter(pk__in=before - beside.keys())}
    return next((other for other in beside.values() if wanted & set(other.relies_on)), None)


def _hold_reason(run: Run) -> str:
    """Why the run may not start yet; empty when it may."""
    task = run.task
    if not task.protocol.enabled or not task.network.enabled:
        return f"{task.protocol} or {task.network} is disabled"
    if run.wallet.status != Wallet.Status.VERIFIED:
        return f"{run.wallet} is {run.wallet.status}; only verified wallets sign"
    for dependency in task.dependencies.select_related("needs"):
        latest = Run.objects.filter(task=dependency.needs, wallet=run.wallet).first()
        if latest is None or latest.state != RunState.SUCCEEDED:
            return f"waits for {dependency.needs} to succeed with {run.wallet}"
    return ""


def _plan(run: Run) -> Plan:
    task = run.task
    action = get_action(task.protocol.slug, task.action)
    params = read_params(action.Params, run.params)
    plan = action.plan(_context(run), params)
    if not plan.steps:
        raise PlanError("the action planned nothing to do")
    return plan


def _only_call(step: PlannedStep) -> Call:
    if not isinstance(step, Call):
        raise PlanError(f"{step.label}: this version runs calls only, no waits or messages yet")
    return step


def _context(run: Run) -> Context:
    task = run.task
    return build_context(
        network=task.network,
        wallet=run.wallet,
        protocol=task.protocol.slug,
        client=NetworkClient(task.network),
        now=timezone.now(),
    )


def _create_step(run: Run, index: int, call: Call) -> Step:
    step = Step.objects.create(
        run=run, index=index, kind=Step.Kind.CALL, label=call.label, spec=call_to_json(call)
    )
    born(step, machine=STEP, actor=this_worker())
    return step


def _submit(step: Step, run: Run) -> None:
    """Record the step's intent; inside the caller's database transaction."""
    call = call_from_json(step.spec)
    row = submit_transaction(
        intent=Intent(
            wallet=run.wallet,
            network=run.task.network,
            idempotency_key=f"run:{run.pk}:step:{step.index}",
            origin=f"run:{run.pk}",
            protocol=run.task.protocol.slug,
            action=run.task.action,
            to=call.to,
            value=call.value,
            data=call.data,
            urgency=run.task.urgency,
            priority=run.priority,
            max_fee_ceiling=run.task.max_fee_ceiling,
            valid_until=_valid_until(run, call),
            expectations=call.expectations,
        ),
        actor=this_worker(),
    )
    move(step, StepState.SUBMITTED, machine=STEP, actor=this_worker(), transaction=row)


def _valid_until(run: Run, call: Call) -> datetime | None:
    """When the call's own deadline or the task's window ends, whichever is first."""
    window = run.task.window_seconds
    ends = [call.valid_until] if call.valid_until else []
    if window is not None:
        ends.append(run.occurrence.due_at + timedelta(seconds=window))
    return min(ends, default=None)


def finish_step(step: Step) -> None:
    """Settle a step whose transaction is decided, and go on with the run."""
    row, run = step.transaction, step.run
    if row is None:
        return
    if row.state not in (T.CONFIRMED, T.FINAL) or row.outcome != Outcome.SUCCEEDED:
        sentence = row.detail or f"the transaction ended {row.outcome or row.state}"
        with transaction.atomic():
            move(step, StepState.FAILED, machine=STEP, actor=this_worker(), detail=sentence)
            _end(run, RunState.FAILED, f"{step.label}: {sentence}")
        return
    fields = settle_step(step, _context(run))
    with transaction.atomic():
        move(step, StepState.SETTLED, machine=STEP, actor=this_worker(), **fields)
        _go_on(run)


def _go_on(run: Run) -> None:
    if run.state != RunState.RUNNING:
        # A step settled anew after a reorganisation; its run ended before.
        return
    following = run.steps.filter(state=StepState.PLANNED).order_by("index").first()
    if following is not None:
        _submit(following, run)
    elif not run.steps.exclude(state=StepState.SETTLED).exists():
        _end(run, RunState.SUCCEEDED, "")


def unsettle_reorganised() -> int:
    """Steps settled from a receipt that a reorganisation undid are settled again; how many."""
    undone = Step.objects.filter(state=StepState.SETTLED, settled_receipt__canonical=False)
    rows = list(undone.order_by("id")[:RUNS_PER_PASS])
    for step in rows:
        move(
            step,
            StepState.SUBMITTED,
            machine=STEP,
            actor=this_worker(),
            reason="its block was replaced by a reorganisation",
        )
    return len(rows)


def _end(run: Run, state: RunState, sentence: str) -> None:
    if run.state not in (RunState.PENDING, RunState.RUNNING):
        return
    move(
        run,
        state,
        machine=RUN,
        actor=this_worker(),
        reason=sentence,
        detail=sentence[:500],
        wake_at=None,
    )


def _postpone(run: Run, sentence: str) -> None:
    pending = Run.objects.filter(pk=run.pk, state=RunState.PENDING)
    pending.update(wake_at=timezone.now() + LOOK_AGAIN, detail=sentence[:500])
