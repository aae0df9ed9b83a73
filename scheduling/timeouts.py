"""How long a run may take: from its start, its waits left out."""

from datetime import datetime, timedelta

from django.utils import timezone

from scheduling.models import Run, Step
from scheduling.states import STEP, StepState
from wallets.models import Transition


def times_out_at(run: Run) -> datetime | None:
    """From when on it begins no further step; None without an end, and while it waits."""
    seconds = run.task.timeout_seconds
    if seconds is None or run.started_at is None:
        return None
    waits = list(
        run.steps.filter(kind=Step.Kind.WAIT).values_list("pk", "state", "state_changed_at")
    )
    if any(state == StepState.WAITING for _, state, _ in waits):
        return None
    over = {pk: at for pk, state, at in waits if state == StepState.SETTLED}
    return run.started_at + timedelta(seconds=seconds) + _waited(over, run.started_at)


def is_timed_out(run: Run) -> bool:
    """Whether it may begin no further step."""
    end = times_out_at(run)
    return end is not None and end <= timezone.now()


def timed_out(run: Run) -> str:
    """The sentence for it."""
    return f"timed out: it took longer than {run.task.timeout_seconds} s, its waits left out"


def _waited(over: dict[int, datetime], since: datetime) -> timedelta:
    """What of its waits was after that."""
    begun = Transition.objects.filter(
        subject=STEP.subject, subject_id__in=over, to_state=StepState.WAITING
    )
    times = (over[pk] - max(at, since) for pk, at in begun.values_list("subject_id", "at"))
    return sum((one for one in times if one > timedelta()), timedelta())
