"""A task's wallets: its own, its groups' and its tags', each once, and spread over its slot."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling.dispatch import dispatch_due
from scheduling.members import members_of
from scheduling.models import Occurrence, Run, Task
from tests.factories import TaskFactory, TaskWalletFactory, WalletFactory
from wallets.models import Transition, WalletGroup, WalletTag

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def task() -> Task:
    """One that is due now, for a group and a tag."""
    now = timezone.now()
    row = TaskFactory.create(enabled=True, starts_at=now, next_due_at=now)
    row.groups.add(WalletGroup.objects.create(name="north"))
    row.tags.add(WalletTag.objects.create(name="old"))
    return row


def test_a_wallet_is_there_once_however_it_was_named(task: Task) -> None:
    both = WalletFactory.create(label="b", group=task.groups.get())
    both.tags.add(task.tags.get())
    TaskWalletFactory.create(task=task, wallet=both, params={"amount": "7"})
    WalletFactory.create(label="a", group=task.groups.get())
    WalletFactory.create(label="elsewhere")
    found = members_of(task)
    assert [one.wallet.label for one in found] == ["a", "b"]
    assert [one.params for one in found] == [{}, {"amount": "7"}]


def test_a_retired_wallet_is_left_out(task: Task) -> None:
    WalletFactory.create(group=task.groups.get(), status="retired")
    dispatch_due()
    assert not Occurrence.objects.exists()


def test_wallets_have_their_turns_by_label_within_the_slot(task: Task) -> None:
    Task.objects.update(times=2, spread_seconds=3600)
    for label in ("c", "a", "b"):
        WalletFactory.create(label=label, group=task.groups.get())
    dispatch_due()
    runs = Run.objects.order_by("wallet__label")
    after = [run.wake_at - run.occurrence.due_at for run in runs if run.wake_at]
    assert after == [timedelta(minutes=10 * place) for place in range(3)]
    assert Occurrence.objects.values("due_at").distinct().count() == 1


def dispatch(task: Task, wallets: int) -> int:
    """How many questions it takes with so many more wallets."""
    group = task.groups.get()
    WalletFactory.create_batch(wallets, group=group)
    Task.objects.update(next_due_at=timezone.now())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert dispatch_due() == 1
    return len(asked)


@pytest.mark.postgresql
def test_five_hundred_wallets_take_no_more_questions_than_two(task: Task) -> None:
    few = dispatch(task, 2)
    assert dispatch(task, 498) == few
    assert Run.objects.count() == 502
    assert Transition.objects.filter(subject="run", reason="due").count() == 502


def test_more_important_tasks_are_dispatched_and_begun_first(task: Task) -> None:
    WalletFactory.create(group=task.groups.get())
    now = timezone.now()
    urgent = TaskFactory.create(enabled=True, priority=20, starts_at=now, next_due_at=now)
    TaskWalletFactory.create(task=urgent)
    dispatch_due()
    assert Run.objects.order_by("pk").first() == Run.objects.get(task=urgent)
