"""What is late is skipped, made up once, or all made up, as the task's policy says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling.dispatch import DUE_TIMES_PER_PASS, dispatch_due
from scheduling.models import Occurrence, Run, Task
from tests.factories import TaskFactory, TaskWalletFactory

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HOUR = timedelta(hours=1)


def late(*, by: timedelta, **fields: object) -> Task:
    """An hourly task with one wallet that nobody has dispatched for so long."""
    start = timezone.now() - by
    row = TaskFactory.create(enabled=True, starts_at=start, next_due_at=start, **fields)
    TaskWalletFactory.create(task=row)
    return row


def fates(row: Task) -> list[str]:
    """What became of its due times, in order."""
    rows = Occurrence.objects.filter(task=row).order_by("due_at")
    return list(rows.values_list("state", flat=True))


def test_skipping_skips_the_latest_missed_one_too() -> None:
    row = late(by=3.5 * HOUR, misfire="skip")
    dispatch_due()
    assert fates(row) == ["skipped"] * 4
    assert set(Occurrence.objects.values_list("reason", flat=True)) == {"missed"}


def test_what_is_late_within_the_grace_was_not_missed() -> None:
    row = late(by=HOUR + timedelta(minutes=4), misfire="skip")
    dispatch_due()
    assert fates(row) == ["skipped", "started"]


def test_once_makes_up_the_missed_ones_with_one_run() -> None:
    row = late(by=3.5 * HOUR)
    dispatch_due()
    assert fates(row) == ["skipped"] * 3 + ["started"]


def test_a_due_time_that_was_not_missed_makes_up_those_before_it() -> None:
    row = late(by=2 * HOUR + timedelta(minutes=1))
    dispatch_due()
    assert fates(row) == ["skipped", "skipped", "started"]


def test_a_long_outage_is_made_up_once_over_all_its_passes() -> None:
    row = late(by=(2.5 * DUE_TIMES_PER_PASS) * HOUR)
    while dispatch_due():
        pass
    assert fates(row).count("started") == 1
    assert fates(row)[-1] == "started"


def test_catching_up_wakes_the_oldest_first() -> None:
    row = late(by=3.5 * HOUR, misfire="all")
    dispatch_due()
    runs = Run.objects.filter(task=row).order_by("wake_at")
    assert [run.occurrence.due_at for run in runs] == [row.starts_at + n * HOUR for n in range(4)]


def test_a_task_that_is_to_have_no_due_time_at_all_comes_to_rest() -> None:
    row = late(by=HOUR, max_occurrences=0)
    dispatch_due()
    row.refresh_from_db()
    assert (row.next_due_at, fates(row)) == (None, [])
