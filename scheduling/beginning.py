"""Begin a run that is due: why it may not yet, its plan, the gates, a second person, its steps."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from protocols.params import BadParameters
from protocols.registry import UnknownAction
from scheduling.approvals.asking import (
    approval_holds,
    approved_plan,
    awaited,
    open_approval,
    use_approval,
)
from scheduling.claims import as_claimed
from scheduling.dependencies import delayed_until, unmet_need
from scheduling.following import end_run
from scheduling.gates.beginning import gates_hold, probe_holds
from scheduling.models import Approval, Run
from scheduling.overlap import Beside, look_beside, reason_to_wait
from scheduling.pace import LOOK_AGAIN, patience
from scheduling.pauses import hold_paused, pause_reason
from scheduling.places import Scope, full_scope, lock_places, wait_for_place
from scheduling.planning import NO_PLAN, Planned, make_plan
from scheduling.points import DispatchPoint
from scheduling.states import RUN, RunState
from scheduling.steps import begin_steps, window_end
from wallets.actors import this_worker
from wallets.models import Wallet
from wallets.transactions.points import reached
from wallets.transitions import move


def begin_run(run: Run) -> None:
    """Plan a pending or held run and submit its first step; or say why it waits or failed."""
    paused = pause_reason(run)
    reason = paused or hold_reason(run)
    if window := _window_over(run):
        told = f"{window}; until then it {reason}" if reason else window
        end_run(run, RunState.FAILED, told, again=False)
        return
    if paused:
        hold_paused(run, paused)
        return
    if reason:
        _hold(run, reason, until=delayed_until(run))
        return
    if scope := full_scope(run):
        _queue(run, scope)
        return
    approval = open_approval(run)
    if waits := awaited(approval):
        _hold(run, waits.sentence, until=waits.until)
        return
    _plan_and_begin(run, approval)


def hold_reason(run: Run) -> str:
    """Why the run may not start yet; empty when it may."""
    task = run.task
    if not task.protocol.enabled or not task.network.enabled:
        return f"{task.protocol} or {task.network} is disabled"
    if run.wallet.status != Wallet.Status.VERIFIED:
        return f"{run.wallet} is {run.wallet.status}; only verified wallets sign"
    unmet = unmet_need(run)
    return unmet.sentence if unmet else ""


def _plan_and_begin(run: Run, approval: Approval | None) -> None:
    before = look_beside(run)
    try:
        planned = approved_plan(approval) or make_plan(run)
    except NO_PLAN as error:
        # What is wrong with a parameter or an action is wrong the next time too.
        again = not isinstance(error, BadParameters | UnknownAction)
        end_run(run, RunState.FAILED, str(error), again=again)
        return
    with transaction.atomic():
        lock_places(run)
        # One start of a run at a time per wallet: two at once would not see each other.
        Wallet.objects.select_for_update().get(pk=run.wallet_id)
        if not _waits(run, planned, before, approval):
            _begin(run, planned, approval)
    reached(DispatchPoint.RUN_BEGUN)


def _waits(run: Run, planned: Planned, before: Beside, approval: Approval | None) -> bool:
    """Whether something keeps it from beginning what was planned; then it says what."""
    if scope := full_scope(run):
        _queue(run, scope)
        return True
    if reason := reason_to_wait(run, planned.relies_on, before) or gates_hold(run, planned):
        _hold(run, reason)
        return True
    if waits := approval_holds(run, planned, approval):
        _hold(run, waits.sentence, until=waits.until)
        return True
    # Last: whoever is let through as a probe does begin.
    if reason := probe_holds(run):
        _hold(run, reason)
        return True
    return False


def _queue(run: Run, scope: Scope) -> None:
    """It could begin, and waits for a place."""
    if run.state == RunState.HELD:
        move(run, RunState.PENDING, machine=RUN, actor=this_worker(), reason="waits for a place")
    wait_for_place(run, scope)


def _begin(run: Run, planned: Planned, approval: Approval | None) -> None:
    use_approval(run, approval)
    move(
        run,
        RunState.RUNNING,
        machine=RUN,
        actor=this_worker(),
        summary=planned.summary,
        relies_on=list(planned.relies_on),
        detail="",
        wake_at=None,
        started_at=timezone.now(),
    )
    begin_steps(run, planned)


def _window_over(run: Run) -> str:
    end = window_end(run)
    if end is None or end > timezone.now():
        return ""
    return f"its window ended at {end:%Y-%m-%d %H:%M:%S} UTC"


def _hold(run: Run, reason: str, *, until: datetime | None = None) -> None:
    """Hold it, or leave it held: the longer it is, the more seldom it is looked at."""
    detail, now = reason[:500], timezone.now()
    if run.state == RunState.HELD:
        pause = patience(run.state_changed_at)
        as_claimed(run).filter(state=RunState.HELD, version=run.version).update(
            detail=detail, wake_at=until or now + pause
        )
        return
    fields = {"detail": detail, "wake_at": until or now + LOOK_AGAIN}
    move(run, RunState.HELD, machine=RUN, actor=this_worker(), reason=reason, **fields)
