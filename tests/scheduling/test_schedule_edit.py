"""A schedule that is edited counts from now on; what was dispatched stays as it was."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from protocols.models import Protocol
from scheduling.dispatch import dispatch_due
from scheduling.models import Occurrence, Run, Task, TaskWallet
from scheduling.services import TaskUnderWay, save_task
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def task() -> Task:
    """An hourly task that has been dispatched; next due in half an hour."""
    task = Task(
        name="hourly",
        protocol=Protocol.objects.create(slug="evm", name="EVM"),
        action="transfer",
        network=Network.objects.create(chain_id=31337, slug="d", name="D", kind="devnet"),
        schedule="interval",
        interval_seconds=3600,
        starts_at=timezone.now() - timedelta(minutes=30),
    )
    save_task(task=task)
    wallet = Wallet.objects.create(label="w", address="0x" + "11" * 20, signer_kind="watch_only")
    TaskWallet.objects.create(task=task, wallet=wallet)
    dispatch_due()
    task.refresh_from_db()
    return task


def edited(task: Task, **fields: Any) -> Task:
    """The task as the console saves it."""
    for name, value in fields.items():
        setattr(task, name, value)
    save_task(task=task)
    task.refresh_from_db()
    return task


def test_a_shorter_interval_is_due_at_its_own_next_beat(task: Task) -> None:
    after = timezone.now()
    edited(task, interval_seconds=600)
    assert task.next_due_at is not None
    assert after <= task.next_due_at <= after + timedelta(seconds=600)
    assert (task.next_due_at - task.starts_at) % timedelta(seconds=600) == timedelta(0)
    assert dispatch_due() == 0


def test_another_name_leaves_the_schedule_alone(task: Task) -> None:
    due = task.next_due_at
    assert edited(task, name="other").next_due_at == due


def test_a_cron_task_is_due_at_its_next_time(task: Task) -> None:
    edited(task, schedule="cron", cron="0 9 * * *")
    assert task.next_due_at is not None
    assert (task.next_due_at.hour, task.next_due_at > timezone.now()) == (9, True)


def test_an_end_in_the_past_ends_it(task: Task) -> None:
    assert edited(task, ends_at=timezone.now()).next_due_at is None


def test_more_occurrences_revive_an_ended_task(task: Task) -> None:
    assert edited(task, max_occurrences=1).next_due_at is None
    assert edited(task, max_occurrences=2).next_due_at is not None


def test_a_start_moved_to_the_future_is_the_next_due_time(task: Task) -> None:
    start = timezone.now() + timedelta(days=2)
    assert edited(task, starts_at=start).next_due_at == start
    assert edited(task, schedule="once").next_due_at == start


def test_an_old_copy_does_not_turn_the_dispatcher_back(task: Task) -> None:
    old = Task.objects.get(pk=task.pk)
    Task.objects.update(next_due_at=timezone.now())
    assert dispatch_due() == 1
    save_task(task=old)
    task.refresh_from_db()
    assert (task.due_count, task.next_due_at) == (2, old.next_due_at)
    assert dispatch_due() == 0
    assert Run.objects.count() == Occurrence.objects.count() == 2


def under_way(task: Task, state: str) -> Run:
    """A run of the task that is in this state."""
    run = Run.objects.get(task=task)
    Run.objects.update(state=state)
    return run


@pytest.mark.parametrize("state", ["pending", "held", "running", "needs_operator"])
def test_what_a_run_under_way_does_is_not_changed_under_it(task: Task, state: str) -> None:
    run = under_way(task, state)
    other = Network.objects.create(chain_id=31338, slug="e", name="E", kind="devnet")
    for fields in ({"network": other}, {"action": "wrap"}):
        with pytest.raises(TaskUnderWay, match=f"run {run.pk} of hourly is not over"):
            edited(task, **fields)
        task.refresh_from_db()
    assert edited(task, priority=10).priority == 10


def test_a_task_whose_runs_are_over_may_do_something_else(task: Task) -> None:
    under_way(task, "succeeded")
    assert edited(task, action="wrap").action == "wrap"
