"""Carrying plans out: each line becomes one ordinary run, once, whatever dies meanwhile.

A plan is locked while its lines are started and their fates read. That a line has its run and that
the run exists is one database transaction, so a crash or a second click finds either both or none.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from protocols.models import Protocol
from scheduling.models import Occurrence, Plan, PlanLine, Run, Task
from scheduling.plan_states import LINE, OPEN_LINE, PLAN, LineState, PlanState
from scheduling.plans.calls import PROTOCOL, action_of, lane_of, params_of
from scheduling.plans.digest import PlanChanged, lines_of, require_unchanged
from scheduling.plans.fates import Fate, fates_of
from scheduling.points import PlanPoint
from scheduling.states import RUN, OccurrenceState
from wallets import wakeups
from wallets.actors import this_worker
from wallets.models import Network, Transaction
from wallets.transactions.points import reached
from wallets.transactions.states import PENDING
from wallets.transitions import born, move
from wallets.wakeups import wake

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=3)
PLANS_PER_PASS = 20
STARTED_PER_PASS = 100
# By action and network, those that a pass has met.
Tasks = dict[tuple[str, int], Task]
# How long a started line may wait for its signature; then it has definitely not happened.
WINDOW_SECONDS = 24 * 3600


def advance_plans() -> int:
    """Look at every plan that is due for it; returns how many."""
    due = Plan.objects.filter(state=PlanState.RUNNING, look_at__lte=timezone.now())
    keys = list(due.order_by("look_at").values_list("pk", flat=True)[:PLANS_PER_PASS])
    wakeups.each(advance_plan, keys)
    return len(keys)


def advance_plan(pk: int) -> None:
    """Learn what became of started lines, start what may begin, and end what is over."""
    with transaction.atomic():
        plan = Plan.objects.select_for_update(of=("self",)).get(pk=pk)
        if plan.state != PlanState.RUNNING:
            return
        lines = lines_of(plan)
        started = [line for line in lines if line.state == LineState.STARTED]
        fates = fates_of(started)
        for line in started:
            _learn(line, fates[line.pk])
        if not plan.cancel_reason:
            _start_some(plan, lines)
        if any(line.state in OPEN_LINE for line in lines):
            Plan.objects.filter(pk=pk).update(look_at=timezone.now() + LOOK_AGAIN)
        else:
            _end(plan, lines)
    reached(PlanPoint.ADVANCED)


def _learn(line: PlanLine, fate: Fate) -> None:
    if fate.happened is None:
        if fate.sentence != line.detail:
            PlanLine.objects.filter(pk=line.pk).update(detail=fate.sentence[:500])
        return
    state = LineState.DONE if fate.happened else LineState.FAILED
    move(
        line,
        state,
        machine=LINE,
        actor=this_worker(),
        reason=fate.sentence,
        detail=fate.sentence[:500],
    )


def _start_some(plan: Plan, lines: Sequence[PlanLine]) -> None:
    waiting = [line for line in lines if line.state == LineState.WAITING]
    if not waiting:
        return
    try:
        require_unchanged(plan)
    except PlanChanged as error:
        log.error("plan_changed", plan=plan.pk)
        for line in waiting:
            _fail(line, str(error))
        return
    tasks: Tasks = {}
    for line in waiting[:STARTED_PER_PASS]:
        if reason := _reason_to_fail(line, lines):
            _fail(line, reason)
        elif not _waits(line, lines):
            _start(line, tasks)
    wake("advance")


def _start(line: PlanLine, tasks: Tasks) -> None:
    key = (action_of(line), line.token.network_id)
    if key not in tasks:
        tasks[key] = _task(line)
    task, now = tasks[key], timezone.now()
    occurrence = Occurrence.objects.create(
        task=task,
        wallet=line.wallet,
        # Lines of one wallet differ in this: an occurrence is once for a task, a wallet and a time.
        due_at=now + timedelta(microseconds=line.index),
        state=OccurrenceState.STARTED,
    )
    run = Run.objects.create(
        occurrence=occurrence,
        task=task,
        wallet=line.wallet,
        params=params_of(line),
        priority=task.priority,
        wake_at=now,
    )
    born(run, machine=RUN, actor=this_worker(), reason=f"line {line.index} of {line.plan}")
    reached(PlanPoint.RUN_MADE)
    move(line, LineState.STARTED, machine=LINE, actor=this_worker(), run=run, detail="")
    reached(PlanPoint.LINE_STARTED)


def _task(line: PlanLine) -> Task:
    """What carries the plan's lines of one action on one network; it is never due by itself."""
    plan, network, action = line.plan, line.token.network, action_of(line)
    fast = plan.urgency == Transaction.Urgency.FAST
    task, _ = Task.objects.get_or_create(
        name=f"Plan {plan.pk}: {action} on {network.slug}",
        defaults={
            "plan": plan,
            "protocol": Protocol.objects.get(slug=PROTOCOL),
            "action": action,
            "network": network,
            "schedule": Task.Schedule.ONCE,
            "starts_at": timezone.now(),
            "enabled": False,
            "urgency": plan.urgency,
            "priority": Task.Priority.CRITICAL if fast else Task.Priority.NORMAL,
            "window_seconds": WINDOW_SECONDS,
        },
    )
    return task


def _reason_to_fail(line: PlanLine, lines: Sequence[PlanLine]) -> str:
    """The coin pays the fees of the tokens beside it: unless in haste, it does not leave first."""
    if not line.everything or line.plan.urgency == Transaction.Urgency.FAST:
        return ""
    left = [one for one in _beside(line, lines) if one.state == LineState.FAILED]
    if not left:
        return ""
    return f"line {left[0].index} failed, and what it leaves behind needs this coin for its fee"


def _waits(line: PlanLine, lines: Sequence[PlanLine]) -> bool:
    """Whether what is left of the coin is not known yet: something of the lane is under way."""
    if not line.everything:
        return False
    beside = next((one for one in _beside(line, lines) if one.state in OPEN_LINE), None)
    if beside is not None:
        return _wait(line, f"waits for line {beside.index}, whose fee it pays")
    lane = lane_of(line)
    busy = lane.transactions.filter(state__in=PENDING).first() if lane else None
    if busy is not None:
        return _wait(line, f"waits for transaction {busy.pk} of {lane}")
    return False


def _wait(line: PlanLine, sentence: str) -> bool:
    PlanLine.objects.filter(pk=line.pk).update(detail=sentence)
    return True


def _beside(line: PlanLine, lines: Sequence[PlanLine]) -> list[PlanLine]:
    """The other lines of its wallet on its network."""
    return [one for one in lines if one.pk != line.pk and _place(one) == _place(line)]


def _place(line: PlanLine) -> tuple[int, Network]:
    return line.wallet_id, line.token.network


def _fail(line: PlanLine, sentence: str) -> None:
    reason = sentence[:500]
    move(line, LineState.FAILED, machine=LINE, actor=this_worker(), reason=reason, detail=reason)


def _end(plan: Plan, lines: Sequence[PlanLine]) -> None:
    done = sum(line.state == LineState.DONE for line in lines)
    sentence = f"{done} of {len(lines)} lines happened"
    state = PlanState.CANCELLED if plan.cancel_reason else PlanState.DONE
    if plan.cancel_reason:
        sentence += f"; cancelled: {plan.cancel_reason}"
    move(
        plan,
        state,
        machine=PLAN,
        actor=this_worker(),
        reason=sentence,
        detail=sentence[:500],
        look_at=None,
    )
