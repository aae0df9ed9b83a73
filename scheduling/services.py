"""What may be asked of floor 3."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from protocols.params import read_params
from protocols.registry import get_action
from scheduling.models import Task, TaskDependency, TaskWallet
from scheduling.schedule import due_from, next_due
from wallets.models import Wallet
from wallets.transitions import recorded
from wallets.wakeups import wake

TASK_HISTORY = "task"
_TIMING = (
    "schedule",
    "interval_seconds",
    "cron",
    "timezone",
    "starts_at",
    "ends_at",
    "max_occurrences",
)


def save_task(*, task: Task) -> Task:
    """Save a task after checking its action and schedule, and set when it is next due.

    A schedule that was changed counts from now on; due times already dispatched stay as they are.
    """
    get_action(task.protocol.slug, task.action)
    with transaction.atomic():
        stored = Task.objects.select_for_update().filter(pk=task.pk).first()
        if stored is not None:
            # The dispatcher may have moved them since the caller read the task.
            task.next_due_at, task.due_count = stored.next_due_at, stored.due_count
        if task.due_count == 0:
            task.next_due_at = next_due(task, None)
        elif stored is None or _timing(stored) != _timing(task):
            task.next_due_at = due_from(task, timezone.now())
        task.save()
        wake("dispatch")
    return task


def _timing(task: Task) -> list[Any]:
    return [getattr(task, name) for name in _TIMING]


def take_off_tasks(*, wallet: Wallet, actor: str, reason: str) -> list[Task]:
    """Start nothing more with the wallet: a task of others goes on without it, its own stops."""
    with transaction.atomic():
        own = TaskWallet.objects.filter(wallet=wallet, task__plan=None)
        members = list(own.select_related("task").order_by("pk"))
        for member in members:
            task = Task.objects.select_for_update().get(pk=member.task_id)
            if task.task_wallets.exclude(pk=member.pk).exists():
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
) -> Task:
    """A new task with its wallets (each with parameters of its own) and its dependencies."""
    action = get_action(task.protocol.slug, task.action)
    for own in wallets.values():
        read_params(action.Params, {**task.params, **own})
    with transaction.atomic():
        task.save()
        TaskWallet.objects.bulk_create(
            TaskWallet(task=task, wallet=wallet, params=dict(own))
            for wallet, own in wallets.items()
        )
        TaskDependency.objects.bulk_create(TaskDependency(task=task, needs=need) for need in needs)
        return save_task(task=task)
