"""Going on with a run whose planned steps are all done, and with one that a person restarts."""

from django.db import transaction
from django.utils import timezone

from protocols.actions import Plan, PlanError
from protocols.params import read_params
from scheduling.approvals.asking import (
    Awaited,
    approval_holds,
    approved_plan,
    awaited,
    open_approval,
    use_approval,
)
from scheduling.claims import as_claimed
from scheduling.following import end_cancelled, end_run, go_on, has_more, is_under_way, lock_run
from scheduling.gates.beginning import gates_hold, probe_holds
from scheduling.models import Approval, Run
from scheduling.overlap import Beside, look_beside, reason_to_wait
from scheduling.pace import LOOK_AGAIN, patience
from scheduling.pauses import pause_reason, wait_for_resume
from scheduling.planning import NO_PLAN, Planned, action_of, context_of, read_plan
from scheduling.points import WaitPoint
from scheduling.progress import progress_of
from scheduling.specs import wait_from_json
from scheduling.states import OPEN_STEP, RUN, STEP, RunState, StepState
from scheduling.steps import begin_steps, begin_wait_again, planned_step
from scheduling.timeouts import is_timed_out, timed_out
from scheduling.waits import need_operator
from wallets.actors import this_worker
from wallets.models import Wallet
from wallets.transactions.operator import NotPossible
from wallets.transactions.points import reached
from wallets.transitions import LostRace, move

_BEGUN = (StepState.SUBMITTED, StepState.WAITING)


def continue_run(run: Run) -> None:
    """Ask what follows the steps that are done, and begin it; without any the run succeeded."""
    seen, before = _versions(run), look_beside(run)
    if run.cancel_reason or run.steps.filter(state__in=OPEN_STEP).exists():
        _sleep_or_time_out(run)
        return
    if reason := pause_reason(run):
        wait_for_resume(run, reason)
        return
    approval = open_approval(run)
    if waits := awaited(approval):
        _wait(run, waits)
        return
    try:
        planned = approved_plan(approval) or _what_follows(run)
    except NO_PLAN as error:
        need_operator(run, str(error))
        return
    if planned.steps and is_timed_out(run):
        _time_out(run)
        return
    reached(WaitPoint.ASKED)
    with transaction.atomic():
        Wallet.objects.select_for_update().get(pk=run.wallet_id)
        locked = Run.objects.select_for_update().get(pk=run.pk)
        # A reorganisation may have undone a step from which this was planned.
        if locked.state != RunState.RUNNING or _versions(run) != seen:
            raise LostRace(f"run {run.pk} went on meanwhile")
        if planned.steps and (waits := _what_keeps(run, planned, before, approval)):
            _wait(run, waits)
            return
        use_approval(run, approval)
        _begin(run, planned)
    reached(WaitPoint.WENT_ON)


def _wait(run: Run, waits: Awaited) -> None:
    as_claimed(run).update(wake_at=waits.until, detail=waits.sentence[:500])


def _sleep_or_time_out(run: Run) -> None:
    begun = run.steps.filter(state__in=_BEGUN)
    if is_timed_out(run) and not run.cancel_reason and not begun.exists():
        _time_out(run)
    else:
        _sleep(run)


def _time_out(run: Run) -> None:
    """End it where it stands; what has waited may have value under way, and asks for a person."""
    sentence = timed_out(run)
    with transaction.atomic():
        lock_run(run)
        if run.state != RunState.RUNNING or run.steps.filter(state__in=_BEGUN).exists():
            raise LostRace(f"run {run.pk} went on meanwhile")
        for step in run.steps.filter(state=StepState.PLANNED):
            fields = {"detail": sentence}
            move(step, StepState.CANCELLED, machine=STEP, actor=this_worker(), **fields)
        if not is_under_way(run):
            end_run(run, RunState.FAILED, sentence)
            return
    need_operator(run, sentence)


def _what_keeps(
    run: Run, planned: Planned, before: Beside, approval: Approval | None
) -> Awaited | None:
    """What keeps it from beginning these steps now. A breaker's probe is claimed last."""
    if reason := reason_to_wait(run, planned.relies_on, before):
        return Awaited(reason, timezone.now() + LOOK_AGAIN)
    if reason := gates_hold(run, planned):
        return Awaited(reason, timezone.now() + patience(run.created_at))
    if waits := approval_holds(run, planned, approval):
        return waits
    if reason := probe_holds(run):
        return Awaited(reason, timezone.now() + patience(run.created_at))
    return None


def _what_follows(run: Run) -> Planned:
    action = action_of(run)
    if not has_more(run):
        return _undone(run)
    params = read_params(action.Params, run.params)
    planned = read_plan(run, action.go_on(context_of(run), params, progress_of(run)))
    last = run.steps.order_by("index").last()
    if not planned.steps and last is not None and last.state != StepState.SETTLED:
        raise PlanError(f"{last.label} is {last.state} and the action plans nothing in its place")
    return planned


def _versions(run: Run) -> dict[int, int]:
    """What tells whether any step has moved, or one has come."""
    return dict(run.steps.values_list("pk", "version"))


def _sleep(run: Run) -> None:
    """Until the step that is begun is over; one that was only planned is begun."""
    with transaction.atomic():
        lock_run(run)
        Run.objects.filter(pk=run.pk).update(wake_at=None)
        go_on(run)
        # What is paused still says so, and what has ended said why.
        asleep = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, wake_at=None)
        asleep.exclude(cancel_reason__gt="").update(detail="")


def _undone(run: Run) -> Planned:
    """What a plan that was whole from the first has left: from the step that failed last on.

    Never what stands before a step that is done: it belongs to an earlier try.
    """
    failed = run.steps.filter(state=StepState.FAILED).order_by("index").last()
    done = run.steps.filter(state=StepState.SETTLED).order_by("index").last()
    begin = max(failed.index if failed else 0, done.index + 1 if done else 0)
    left = run.steps.filter(state__in=(StepState.FAILED, StepState.CANCELLED), index__gte=begin)
    steps = tuple(map(planned_step, left.order_by("index")))
    return read_plan(run, Plan(steps, run.summary, tuple(run.relies_on)))


def _begin(run: Run, planned: Planned) -> None:
    if planned.steps:
        names = list(planned.relies_on)
        Run.objects.filter(pk=run.pk).update(wake_at=None, detail="", relies_on=names)
        begin_steps(run, planned)
        return
    end_run(run, RunState.SUCCEEDED, "")


def restart_run(*, run_id: int, actor: str, reason: str) -> Run:
    """Go on with a run that needs an operator, from what it has done; NotPossible for any other.

    A wait that took too long is looked for again for as long as at first; a step that failed stays
    so, and the action says anew what follows.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().select_related("task").get(pk=run_id)
        if run.state != RunState.NEEDS_OPERATOR:
            raise NotPossible(f"run {run.pk} is {run.state}, it does not need an operator")
        _refuse_what_rests_on_nothing(run)
        move(
            run,
            RunState.RUNNING,
            machine=RUN,
            actor=actor,
            reason=reason,
            detail="",
            wake_at=timezone.now(),
            # A person gives it its time once more.
            started_at=timezone.now(),
        )
        for step in run.steps.filter(state=StepState.WAITING):
            begin_wait_again(step, wait_from_json(step.spec))
    return run


def _refuse_what_rests_on_nothing(run: Run) -> None:
    """What was begun after a step that came to nothing cannot be told from what is missing."""
    undone = run.steps.filter(state=StepState.FAILED, settled_receipt__isnull=False)
    begun = run.steps.exclude(state__in=(StepState.PLANNED, StepState.CANCELLED))
    for step in undone.order_by("index"):
        if begun.filter(index__gt=step.index).exists():
            raise NotPossible(
                f"{step.label} was undone by a reorganisation and failed then, when what follows "
                "it had begun: going on could do that twice; see to what is missing by hand, and "
                "give the run up"
            )


def give_up_run(*, run_id: int, actor: str, reason: str) -> Run:
    """End a run that needs an operator, once a person has seen to what it began."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        if run.state != RunState.NEEDS_OPERATOR:
            raise NotPossible(f"run {run.pk} is {run.state}, it does not need an operator")
        if run.steps.filter(state=StepState.SUBMITTED).exists():
            raise NotPossible(f"a step of run {run.pk} is with the chain; see to that first")
        for step in run.steps.filter(state__in=(StepState.PLANNED, StepState.WAITING)):
            fields = {"look_at": None, "detail": reason[:500]}
            move(step, StepState.CANCELLED, machine=STEP, actor=actor, reason=reason, **fields)
        end_cancelled(run, reason, actor=actor)
    return run
