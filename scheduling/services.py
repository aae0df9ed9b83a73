"""What may be asked of floor 3."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from protocols.params import read_params
from protocols.registry import get_action
from scheduling.models import Task, TaskDependency, TaskWallet
from scheduling.schedule import next_due
from wallets.models import Wallet
from wallets.wakeups import wake


def save_task(*, task: Task) -> Task:
    """Save a task after checking its action and schedule, and set when it is next due."""
    get_action(task.protocol.slug, task.action)
    if task.next_due_at is None and task.due_count == 0:
        task.next_due_at = next_due(task, None)
    task.save()
    wake("dispatch")
    return task


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
