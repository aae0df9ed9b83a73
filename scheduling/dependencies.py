"""What a run waits for: the runs of other tasks with the same wallet.

Of a task that is needed the latest due time counts that is not after the run's own: today's run
waits for today's, not for yesterday's. Where there is none yet, it is the first that comes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from scheduling.models import Occurrence, Run, Task, TaskDependency
from scheduling.states import FINISHED_RUN, OccurrenceState, RunState

# Of a chain that is longer than this nobody reads the cause.
_DEEPEST = 20


class DependencyCircle(ValueError):
    """Tasks that wait for one another would never start; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What a run waits for, and until when where that is known."""

    sentence: str
    until: datetime | None = None
    # The run in the way, where there is one.
    run: Run | None = None


def unmet_need(run: Run) -> Unmet | None:
    """The first thing the run waits for, told by what keeps it from going on at the root."""
    found = next(_unmet(run), None)
    if found is None or found.run is None:
        return found
    root = _root(found, _DEEPEST)
    through = found.run.task
    if root is found:
        return found
    return Unmet(f"{root.sentence} ({through} comes before this)"[:500], root.until)


def delayed_until(run: Run) -> datetime | None:
    """When what the run waits for will be long enough ago; None where that is not all."""
    found = unmet_need(run)
    return found.until if found else None


def wake_dependents(run: Run) -> None:
    """Have those that wait for the run look at it: it has ended."""
    tasks = TaskDependency.objects.filter(needs=run.task_id).values("task")
    held = Run.objects.filter(task__in=tasks, wallet=run.wallet_id, state=RunState.HELD)
    held.update(wake_at=timezone.now())


def require_no_circle(task: Task, needs: Iterable[Task]) -> None:
    """DependencyCircle if one of these waits, by any way, for the task itself."""
    for need in needs:
        if way := _way(need, task):
            names = " → ".join(str(one) for one in (task, *way))
            raise DependencyCircle(
                f"{need} waits for this task itself: {names}; neither would start"
            )


def _way(need: Task, task: Task) -> Sequence[Task]:
    """From the one over what it needs to the other; nothing where there is no way."""
    if need == task:
        return (task,)
    came: dict[int, tuple[Task, ...]] = {need.pk: (need,)}
    ahead = [need.pk]
    while ahead:
        further = TaskDependency.objects.filter(task__in=ahead).select_related("needs")
        ahead = []
        for row in further:
            way = (*came[row.task_id], row.needs)
            if row.needs_id == task.pk:
                return way
            if row.needs_id not in came:
                came[row.needs_id] = way
                ahead.append(row.needs_id)
    return ()


def _unmet(run: Run) -> Iterator[Unmet]:
    for need in run.task.dependencies.select_related("needs").order_by("pk"):
        found = _look(run, need)
        if found is not None:
            yield found


def _look(run: Run, need: TaskDependency) -> Unmet | None:
    one = _counts(run, need.needs)
    if one is None:
        return Unmet(f"waits for {need.needs}, which has not been due yet")
    if one.state == OccurrenceState.SKIPPED:
        if need.condition == TaskDependency.Condition.COMPLETED:
            return None
        return Unmet(f"waits for {need.needs}, which was skipped ({one.reason})")
    other = Run.objects.select_related("task").filter(occurrence=one).first()
    if other is None:
        return Unmet(f"waits for {need.needs}, which has no run")
    return _wait_for(other, need)


def _wait_for(other: Run, need: TaskDependency) -> Unmet | None:
    completed = need.condition == TaskDependency.Condition.COMPLETED
    # One that has failed and is to be tried again is not over.
    ended = other.state in FINISHED_RUN and other.wake_at is None
    if other.state != RunState.SUCCEEDED and not (completed and ended):
        return Unmet(f"waits for {need.needs}, {_stands(other)}", run=other)
    until = other.state_changed_at + timedelta(seconds=need.delay_seconds)
    if until <= timezone.now():
        return None
    after = f"{need.delay_seconds} s after {need.needs}"
    return Unmet(f"waits until {until:%Y-%m-%d %H:%M:%S} UTC, {after}", until)


def _counts(run: Run, needed: Task) -> Occurrence | None:
    """The due time of the needed task that the run waits for; None while it is not there."""
    due = run.occurrence.due_at
    if needed.enabled and needed.next_due_at is not None and needed.next_due_at <= due:
        return None
    rows = Occurrence.objects.filter(task=needed, wallet=run.wallet_id)
    before = rows.filter(due_at__lte=due).order_by("-due_at").first()
    return before or rows.filter(due_at__gt=due).order_by("due_at").first()


def _stands(run: Run) -> str:
    match run.state:
        case RunState.FAILED if run.wake_at is not None:
            return "which failed and is tried again"
        case RunState.FAILED:
            return "which failed"
        case RunState.CANCELLED:
            return "which was cancelled"
        case RunState.NEEDS_OPERATOR:
            return "which needs an operator"
    return f"which is {run.state}"


def _root(found: Unmet, depth: int) -> Unmet:
    """What keeps the run in the way from going on, and so on to the end."""
    run = found.run
    if run is None or run.state not in (RunState.PENDING, RunState.HELD) or not depth:
        return found
    deeper = next(_unmet(run), None)
    return found if deeper is None else _root(deeper, depth - 1)
