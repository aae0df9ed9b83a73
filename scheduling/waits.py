"""Waits of runs: looked for less and less often, until they are over or need a person."""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from protocols.actions import Settlement, Wait
from protocols.params import read_params
from protocols.settlements import settlement_to_json
from scheduling.models import Run, Step
from scheduling.planning import NO_PLAN, action_of, context_of
from scheduling.points import WaitPoint
from scheduling.progress import progress_of
from scheduling.specs import wait_from_json
from scheduling.states import RUN, STEP, RunState, StepState
from wallets.actors import this_worker
from wallets.chain.errors import ChainError
from wallets.transactions.points import reached
from wallets.transitions import move

log = structlog.get_logger(__name__)

LOOKS_PER_PASS = 50
SECONDS_PER_PASS = 15.0
# A look that is under way is not begun again by another worker meanwhile.
LOOKING = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)


def due_waits() -> QuerySet[Step]:
    """The steps whose time to be looked for has come, the longest due first."""
    return Step.objects.filter(look_at__lte=timezone.now()).order_by("look_at")


def look_for_waits() -> Iterator[Step]:
    """The due ones, each claimed when its turn comes: no other worker asks the same at once.

    A job has a minute, and servers that hang would use it up: the rest has the next turn.
    """
    begun = time.monotonic()
    related = ("run__task__protocol", "run__task__network", "run__wallet")
    for row in list(due_waits().select_related(*related)[:LOOKS_PER_PASS]):
        if time.monotonic() - begun > SECONDS_PER_PASS:
            return
        if _claim(row):
            yield row


def _claim(step: Step) -> bool:
    same = Step.objects.filter(pk=step.pk, look_at=step.look_at, state=StepState.WAITING)
    return bool(same.update(look_at=timezone.now() + LOOKING, looks=F("looks") + 1))


def look_at_wait(step: Step) -> Mapping[str, Any] | None:
    """What the adapter found, if the wait is over. Asks the chain."""
    run = step.run
    wait = wait_from_json(step.spec)
    reached(WaitPoint.CLAIMED)
    if run.steps.filter(index__lt=step.index, state=StepState.SUBMITTED).exists():
        _look_again(step, wait, "what comes before it was undone and is to be mined again")
        return None
    try:
        action = action_of(run)
        params = read_params(action.Params, run.params)
        found = action.look(context_of(run), params, wait, progress_of(run))
    except NO_PLAN as error:
        _ask_a_person(step, f"{wait.label}: {error}")
        return None
    except ChainError as error:
        _look_again(step, wait, f"could not be asked: {error}")
        return None
    if found is None:
        _look_again(step, wait, "")
    reached(WaitPoint.LOOKED)
    return found


def look_failed(step: Step, error: Exception) -> None:
    """A bug in an adapter: looked for again as long as any other wait."""
    told = f"looking failed ({type(error).__name__}); the log says where"
    # Its spec may be what failed.
    _look_again(step, Wait(step.label, condition=""), told)


def settle_wait(step: Step, found: Mapping[str, Any]) -> None:
    """Write down that the wait is over; in the caller's database transaction."""
    move(
        step,
        StepState.SETTLED,
        machine=STEP,
        actor=this_worker(),
        found=dict(found),
        settlement=settlement_to_json(Settlement()),
        look_at=None,
        detail=f"over {timezone.now():%Y-%m-%d %H:%M:%S} UTC",
    )


def pause_after(wait: Wait, looks: int) -> timedelta:
    """How long until the next look: half as long again each time, an hour at most."""
    seconds = max(wait.first_look, 1) * 1.5 ** min(looks, 40)
    return min(timedelta(seconds=seconds), LONGEST_PAUSE)


def _look_again(step: Step, wait: Wait, reason: str) -> None:
    now, looks = timezone.now(), step.looks + 1
    if step.overdue_at is not None and step.overdue_at <= now:
        late = f"{wait.label} is not over after {looks} looks; it was due by {_shown(step)}"
        _ask_a_person(step, f"{late} {reason}".strip())
        return
    next_look = now + pause_after(wait, looks)
    if step.overdue_at is not None:
        next_look = min(next_look, max(step.overdue_at, now + timedelta(seconds=1)))
    said = f"looked {looks} times, last {now:%Y-%m-%d %H:%M:%S} UTC"
    Step.objects.filter(pk=step.pk, state=StepState.WAITING).update(
        look_at=next_look, detail=f"{said}; {reason}"[:500] if reason else said
    )


def _ask_a_person(step: Step, sentence: str) -> None:
    """Unless the wait was settled or restarted since it was looked for."""
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=step.run_id)
        same = Step.objects.filter(pk=step.pk, state=StepState.WAITING, overdue_at=step.overdue_at)
        if same.exists():
            need_operator(step.run, sentence)


def _shown(step: Step) -> str:
    return f"{step.overdue_at:%Y-%m-%d %H:%M:%S} UTC"


def need_operator(run: Run, sentence: str) -> None:
    """Stop and ask for a person: value may be under way. `runs restart` goes on from here."""
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        waiting = Step.objects.filter(run=run, state=StepState.WAITING)
        waiting.update(look_at=None, detail=sentence[:500])
        if locked.state == RunState.RUNNING:
            move(
                locked,
                RunState.NEEDS_OPERATOR,
                machine=RUN,
                actor=this_worker(),
                reason=sentence,
                detail=sentence[:500],
                wake_at=None,
            )
    # Monitoring picks it up; /health counts such runs.
    log.error("run_needs_operator", run=run.pk, task=run.task.name, reason=sentence)
