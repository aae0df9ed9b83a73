"""Turn due times into occurrences and runs, each exactly once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scheduling.members import Member, members_of
from scheduling.misfires import MISSED, missed
from scheduling.models import Occurrence, Run, Task
from scheduling.pauses import undispatched
from scheduling.points import DispatchPoint
from scheduling.schedule import next_due, slot_length
from scheduling.states import RUN, OccurrenceState, RunState
from wallets import wakeups
from wallets.actors import this_worker
from wallets.transactions.points import reached
from wallets.transitions import recorded_all

log = structlog.get_logger(__name__)

TASKS_PER_PASS = 100
# A long outage of a fast task is caught up over several passes, not in one transaction.
DUE_TIMES_PER_PASS = 50


@dataclass(frozen=True, slots=True)
class Due:
    """Due times of a task in order, the one that follows them, and which of them are skipped."""

    times: Sequence[datetime]
    following: datetime | None
    skipped: Collection[datetime] = field(default=())
    reason: str = MISSED


def dispatch_due() -> int:
    """Dispatch every task that is due, most important first; returns how many were."""
    due = Task.objects.filter(~undispatched(), enabled=True, next_due_at__lte=timezone.now())
    tasks = list(due.order_by("-priority", "next_due_at", "pk")[:TASKS_PER_PASS])
    done: list[bool] = []

    def dispatch_task(task: Task) -> None:
        done.append(_dispatch(task))

    # One whose schedule cannot be read keeps no other from its turn.
    wakeups.each(dispatch_task, tasks)
    if len(tasks) == TASKS_PER_PASS:
        wakeups.wake("dispatch")
    return sum(done)


def _dispatch(task: Task) -> bool:
    now = timezone.now()
    times, following = due_times(task, now)
    found = Due(times, following, missed(task, times, following, now))
    if not record(task, found):
        return False
    log.info("task_dispatched", task=task.name, due_times=len(times))
    return True


def due_times(task: Task, until: datetime) -> tuple[list[datetime], datetime | None]:
    """The next due times up to `until`, so many at once, and the first one after them."""
    times: list[datetime] = []
    due = task.next_due_at
    left = DUE_TIMES_PER_PASS
    if task.max_occurrences is not None:
        left = min(left, task.max_occurrences - task.due_count)
    while due is not None and due <= until and len(times) < left:
        times.append(due)
        due = next_due(task, due)
    used_up = task.max_occurrences is not None and (
        task.due_count + len(times) >= task.max_occurrences
    )
    return times, None if used_up else due


def record(task: Task, due: Due) -> bool:
    """Make the occurrences and runs of the due times; False when another process did it.

    As many questions for five hundred wallets as for one.
    """
    with transaction.atomic():
        same = Task.objects.filter(pk=task.pk, next_due_at=task.next_due_at, enabled=task.enabled)
        advanced = {"next_due_at": due.following, "due_count": F("due_count") + len(due.times)}
        if same.update(**advanced) != 1:
            return False
        reached(DispatchPoint.CLAIMED)
        members = members_of(task)
        _create_runs(task, members, _create_occurrences(task, members, due))
        reached(DispatchPoint.RUNS_MADE)
        wakeups.wake("advance")
    reached(DispatchPoint.DISPATCHED)
    return True


def _create_occurrences(task: Task, members: list[Member], due: Due) -> list[Occurrence]:
    """Those that are to run. Whoever moved the task on is the only one here.

    A schedule that was edited may name a due time that there already was.
    """
    there = Occurrence.objects.filter(task=task, due_at__in=due.times)
    known = set(there.values_list("wallet", "due_at"))
    rows = [
        _occurrence(task, member, due_at, due)
        for due_at in due.times
        for member in members
        if (member.wallet.pk, due_at) not in known
    ]
    Occurrence.objects.bulk_create(rows)
    return [row for row in rows if row.state == OccurrenceState.STARTED]


def _occurrence(task: Task, member: Member, due_at: datetime, due: Due) -> Occurrence:
    skipped = due_at in due.skipped
    return Occurrence(
        task=task,
        wallet=member.wallet,
        due_at=due_at,
        state=OccurrenceState.SKIPPED if skipped else OccurrenceState.STARTED,
        reason=due.reason if skipped else "",
    )


def _create_runs(task: Task, members: list[Member], occurrences: list[Occurrence]) -> None:
    """Each wakes at its own place in the slot, the wallets one after another by their labels."""
    own = {member.wallet.pk: member.params for member in members}
    places = {member.wallet.pk: place for place, member in enumerate(members)}
    apart: timedelta = slot_length(task) / max(1, len(members))
    runs = Run.objects.bulk_create(
        Run(
            occurrence=one,
            task=task,
            wallet_id=one.wallet_id,
            params={**task.params, **own[one.wallet_id]},
            asked_by_id=task.changed_by_id,
            priority=task.priority,
            wake_at=one.due_at + places[one.wallet_id] * apart,
        )
        for one in occurrences
    )
    keys = [run.pk for run in runs]
    recorded_all(RUN.subject, keys, "", RunState.PENDING, reason="due", actor=this_worker())
