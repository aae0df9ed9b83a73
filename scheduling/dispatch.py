"""Turn due times into occurrences and runs, each exactly once."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scheduling.models import Occurrence, Run, Task, TaskWallet
from scheduling.pauses import undispatched
from scheduling.schedule import next_due
from scheduling.states import RUN, OccurrenceState
from wallets.actors import this_worker
from wallets.drain import drain_reason
from wallets.transitions import born
from wallets.wakeups import wake

log = structlog.get_logger(__name__)

TASKS_PER_PASS = 100
# A long outage of a fast task is caught up over several passes, not in one transaction.
DUE_TIMES_PER_PASS = 50


def dispatch_due() -> int:
    """Dispatch every task that is due, most important first; returns how many were."""
    if drain_reason():
        return 0
    due = Task.objects.filter(~undispatched(), enabled=True, next_due_at__lte=timezone.now())
    tasks = list(due.order_by("-priority", "next_due_at")[:TASKS_PER_PASS])
    return sum(_dispatch(task) for task in tasks)


def _dispatch(task: Task) -> bool:
    """Make the occurrences of one task's due times; False when another process did it."""
    due_times, following = _due_times(task, timezone.now())
    with transaction.atomic():
        mine = Task.objects.filter(pk=task.pk, next_due_at=task.next_due_at, enabled=True)
        advanced = {"next_due_at": following, "due_count": F("due_count") + len(due_times)}
        if mine.update(**advanced) != 1:
            return False
        members = list(task.task_wallets.select_related("wallet"))
        for due_at in due_times:
            skipped = _skips(task, due_at, due_times[-1])
            for member in members:
                _create_occurrence(task, member, due_at, skipped=skipped)
        wake("advance")
    log.info("task_dispatched", task=task.name, due_times=len(due_times), wallets=len(members))
    return True


def _due_times(task: Task, now: datetime) -> tuple[list[datetime], datetime | None]:
    """The due times up to now, and the first one after them."""
    due_times: list[datetime] = []
    due = task.next_due_at
    left = DUE_TIMES_PER_PASS
    if task.max_occurrences is not None:
        left = min(left, task.max_occurrences - task.due_count)
    while due is not None and due <= now and len(due_times) < left:
        due_times.append(due)
        due = next_due(task, due)
    used_up = task.max_occurrences is not None and (
        task.due_count + len(due_times) >= task.max_occurrences
    )
    return due_times, None if used_up else due


def _skips(task: Task, due_at: datetime, latest: datetime) -> bool:
    """Whether the task's misfire policy skips this due time."""
    return due_at != latest and task.misfire != Task.Misfire.ALL


def _create_occurrence(task: Task, member: TaskWallet, due_at: datetime, *, skipped: bool) -> None:
    state = OccurrenceState.SKIPPED if skipped else OccurrenceState.STARTED
    occurrence, created = Occurrence.objects.get_or_create(
        task=task,
        wallet=member.wallet,
        due_at=due_at,
        defaults={"state": state, "reason": "missed" if skipped else ""},
    )
    if not created or skipped:
        return
    run = Run.objects.create(
        occurrence=occurrence,
        task=task,
        wallet=member.wallet,
        params={**task.params, **member.params},
        priority=task.priority,
        wake_at=timezone.now(),
    )
    born(run, machine=RUN, actor=this_worker(), reason="due")
