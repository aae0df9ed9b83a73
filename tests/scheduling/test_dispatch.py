"""Each due time of a task becomes exactly one run per wallet, or is skipped as its policy says."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from protocols.models import Protocol
from scheduling.dispatch import dispatch_due
from scheduling.models import Occurrence, Run, Task, TaskWallet
from scheduling.runs import advance_runs
from scheduling.schedule import ScheduleError, next_due
from tests.scheduling.tasks import payer, paying
from wallets.models import Network, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def task() -> Task:
    """An hourly task with one wallet, due an hour ago."""
    network = Network.objects.create(chain_id=31337, slug="devnet", name="Devnet", kind="devnet")
    wallet = Wallet.objects.create(
        label="first", address="0x" + "11" * 20, signer_kind="watch_only"
    )
    start = timezone.now() - timedelta(hours=3, minutes=1)
    task = Task.objects.create(
        name="hourly",
        protocol=Protocol.objects.create(slug="p", name="P"),
        action="a",
        network=network,
        schedule="interval",
        interval_seconds=3600,
        starts_at=start,
        next_due_at=start,
    )
    TaskWallet.objects.create(task=task, wallet=wallet)
    return task


def test_missed_due_times_run_once_by_default(task: Task) -> None:
    dispatch_due()
    assert Occurrence.objects.filter(state="skipped").count() == 3
    assert Run.objects.count() == 1


def test_catching_up_runs_every_missed_due_time(task: Task) -> None:
    Task.objects.update(misfire="all")
    dispatch_due()
    assert Run.objects.count() == 4


def test_dispatching_twice_changes_nothing(task: Task) -> None:
    dispatch_due()
    assert dispatch_due() == 0
    assert Run.objects.count() == 1


def test_a_task_lost_to_another_process_makes_no_second_run(task: Task) -> None:
    dispatch_due()
    # As if this process had read the task before the other one dispatched it.
    Task.objects.update(next_due_at=task.next_due_at)
    dispatch_due()
    assert Run.objects.count() == 1


def test_a_disabled_task_is_never_due(task: Task) -> None:
    Task.objects.update(enabled=False)
    assert dispatch_due() == 0


def test_a_task_ends_after_its_last_due_time(task: Task) -> None:
    Task.objects.update(max_occurrences=2, misfire="all")
    dispatch_due()
    task.refresh_from_db()
    assert (Run.objects.count(), task.next_due_at) == (2, None)


def test_cron_is_read_in_the_tasks_own_time_zone() -> None:
    task = Task(
        schedule="cron",
        cron="0 9 * * *",
        timezone="Europe/Berlin",
        starts_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    assert next_due(task, None) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_a_wrong_cron_expression_is_named() -> None:
    task = Task(schedule="cron", cron="every day", starts_at=timezone.now())
    with pytest.raises(ScheduleError, match="every day"):
        next_due(task, None)


def test_a_task_is_not_due_after_its_end() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    task = Task(schedule="interval", interval_seconds=60, starts_at=start, ends_at=start)
    assert next_due(task, None) == start
    assert next_due(task, start) is None


@pytest.mark.usefixtures("errands")
def test_what_a_pass_has_no_time_for_has_the_next_turn() -> None:
    paying(payer())
    dispatch_due()
    advance_runs(seconds=0)
    assert Run.objects.get().state == "pending"
    advance_runs()
    assert Run.objects.get().state == "running"
    Transaction.objects.update(state="refused")
    advance_runs(seconds=0)
    assert Run.objects.get().state == "running"
