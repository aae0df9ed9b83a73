"""What may be asked of floor 3."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from protocols.registry import get_action
from scheduling.dependencies import require_no_circle
from scheduling.expressions.readings import check_params
from scheduling.members import wallets_of
from scheduling.models import Run, Task, TaskDependency, TaskWallet
from scheduling.pauses import follow_rename
from scheduling.schedule import due_from, next_due, require_window_to_fit
from scheduling.states import NOT_OVER
from wallets.models import Wallet
from wallets.transitions import recorded
from wallets.wakeups import wake

type Person = AbstractBaseUser | AnonymousUser

TASK_HISTORY = "task"
TIMING = (
    "schedule",
    "interval_seconds",
    "cron",
    "timezone",
    "starts_at",
    "ends_at",
    "max_occurrences",
    "times",
    "spread_seconds",
)
# What says nothing of what a task does, or is not said by a person.
_UNSAID = ("id", "name", "enabled", "next_due_at", "due_count", "created_at", "changed_by")

# What its runs read from their task, for as long as they last.
WHAT_IT_DOES = ("protocol", "action", "network")


class TaskUnderWay(ValueError):
    """What a task does cannot be changed under a run of it; nothing was changed."""


def save_task(*, task: Task, person: Person | None = None) -> Task:
    """Save a task after checking its action and schedule, and set when it is next due.

    A schedule that was changed counts from now on; due times already dispatched stay as they are.
    `person` is who says so, where one is known: of an approval the second person is another.
    """
    get_action(task.protocol.slug, task.action)
    require_window_to_fit(task)
    with transaction.atomic():
        stored = Task.objects.select_for_update().filter(pk=task.pk).first()
        if stored is not None:
            # The dispatcher may have moved them since the caller read the task.
            task.next_due_at, task.due_count = stored.next_due_at, stored.due_count
            if _does(stored) != _does(task) and (reason := reason_to_leave(stored)):
                raise TaskUnderWay(reason)
        if task.due_count == 0:
            task.next_due_at = next_due(task, None)
        elif stored is None or _timing(stored) != _timing(task):
            task.next_due_at = due_from(task, timezone.now())
        if stored is None or _said(stored) != _said(task):
            task.changed_by_id = person.pk if person else None
        if stored is not None:
            follow_rename(stored.name, task.name)
        task.save()
        wake("dispatch")
    return task


def note_change(*, task: Task, person: Person | None) -> None:
    """Whose wallets or dependencies of a task these are now."""
    Task.objects.filter(pk=task.pk).update(changed_by=person.pk if person else None)


def reason_to_leave(task: Task) -> str:
    """Why what the task does must stay as it is; empty when nothing of it is under way.

    A run that waits would go on with another action, or make its next call on another network.
    """
    run = Run.objects.filter(NOT_OVER, task=task).order_by("pk").first()
    if run is None:
        return ""
    return (
        f"run {run.pk} of {task} is not over and does what the task says; wait for it or give it "
        "up, or make another task"
    )


def _said(task: Task) -> list[Any]:
    fields = (one.attname for one in Task._meta.concrete_fields if one.name not in _UNSAID)
    return [getattr(task, name) for name in fields]


def _does(task: Task) -> list[Any]:
    return [getattr(task, name) for name in WHAT_IT_DOES]


def _timing(task: Task) -> list[Any]:
    return [getattr(task, name) for name in TIMING]


def take_off_tasks(*, wallet: Wallet, actor: str, reason: str) -> list[Task]:
    """Start nothing more with the wallet: a task of others goes on without it, its own stops."""
    with transaction.atomic():
        own = TaskWallet.objects.filter(wallet=wallet, task__plan=None)
        members = list(own.select_related("task").order_by("pk"))
        for member in members:
            task = Task.objects.select_for_update().get(pk=member.task_id)
            if wallets_of(task).exclude(pk=wallet.pk).exists():
                told = f"{wallet.label} was taken off it ({member.params}): {reason}"
                member.delete()
            elif task.enabled:
                told = f"disabled, {wallet.label} was its only wallet: {reason}"
                Task.objects.filter(pk=task.pk).update(enabled=False)
            else:
                continue
            recorded(TASK_HISTORY, task.pk, "", "", actor=actor, reason=told)
    return [member.task for member in members]


def create_task(
    *,
    task: Task,
    wallets: Mapping[Wallet, Mapping[str, Any]],
    needs: Sequence[Task] = (),
    person: Person | None = None,
) -> Task:
    """A new task with its wallets (each with parameters of its own) and its dependencies."""
    action = get_action(task.protocol.slug, task.action)
    for own in wallets.values():
        check_params(action.Params, {**task.params, **own}, task.network)
    require_window_to_fit(task)
    task.changed_by_id = person.pk if person else None
    with transaction.atomic():
        task.save()
        TaskWallet.objects.bulk_create(
            TaskWallet(task=task, wallet=wallet, params=dict(own))
            for wallet, own in wallets.items()
        )
        TaskDependency.objects.bulk_create(TaskDependency(task=task, needs=need) for need in needs)
        require_no_circle(task, needs)
        return save_task(task=task, person=person)
