"""Runs wait for the runs of other tasks with the same wallet, each for that of its own time."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling.beginning import hold_reason
from scheduling.dependencies import DependencyCircle, require_no_circle
from scheduling.models import Occurrence, Run, Task, TaskDependency
from scheduling.pauses import pause_scope
from scheduling.runs import start_run
from scheduling.services import create_task
from tests.scheduling.tasks import a_task, cancel, payer, paying, run_of, succeed, turn

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("errands")]


def test_a_run_begins_once_what_it_needs_has_succeeded() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    turn()
    assert run_of(second).detail == f"waits for {first}, which is running"
    succeed(run_of(first))
    turn()
    assert run_of(second).state == "running"


def test_whoever_waits_down_the_line_is_told_the_cause() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    third = paying(wallet, needs=(second,))
    turn()
    cancel(run_of(first))
    turn()
    assert run_of(second).detail == f"waits for {first}, which failed"
    assert run_of(third).detail == f"waits for {first}, which failed ({second} comes before this)"


def test_completion_is_enough_where_the_task_says_so() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    TaskDependency.objects.update(condition="completed")
    turn()
    cancel(run_of(first))
    turn()
    assert run_of(second).state == "running"


def test_todays_run_does_not_take_yesterdays_for_an_answer() -> None:
    wallet, yesterday = payer(), timezone.now() - timedelta(days=1, minutes=1)
    daily: dict[str, Any] = {"schedule": "interval", "interval_seconds": 86_400, "misfire": "all"}
    first = paying(wallet, starts_at=yesterday, **daily)
    turn()
    old, new = Run.objects.filter(task=first).order_by("occurrence__due_at")
    succeed(old)
    second = paying(wallet, needs=(first,), starts_at=yesterday + timedelta(days=1, seconds=9))
    turn()
    assert run_of(second).detail == f"waits for {first}, which is running"
    succeed(new)
    turn()
    assert run_of(second).state == "running"


def test_what_is_due_and_not_yet_dispatched_is_waited_for() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    due = Task.objects.get(pk=first.pk).next_due_at
    turn()
    succeed(run_of(first))
    Task.objects.filter(pk=first.pk).update(next_due_at=due)
    Run.objects.filter(task=second).update(state="pending")
    assert hold_reason(run_of(second)) == f"waits for {first}, which has not been due yet"


def test_it_begins_so_long_after_what_it_needs() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    TaskDependency.objects.update(delay_seconds=3600)
    turn()
    succeed(run_of(first))
    turn()
    ended = run_of(first).state_changed_at
    assert f"3600 s after {first}" in run_of(second).detail
    assert run_of(second).wake_at == ended + timedelta(hours=1)
    Run.objects.filter(task=first).update(state_changed_at=timezone.now() - timedelta(hours=1))
    turn()
    assert run_of(second).state == "running"


def test_a_dependent_whose_window_is_over_ends() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,), window_seconds=60)
    turn()
    Occurrence.objects.update(due_at=timezone.now() - timedelta(seconds=61))
    turn()
    run = run_of(second)
    assert (run.state, run.detail[:16]) == ("failed", "its window ended")
    assert f"it waits for {first}" in run.detail


def test_a_circle_is_named_and_nothing_is_saved() -> None:
    wallet = payer()
    a = paying(wallet, name="a")
    b = paying(wallet, name="b", needs=(a,))
    c = paying(wallet, name="c", needs=(b,))
    with pytest.raises(DependencyCircle, match="a → c → b → a; neither would start"):
        require_no_circle(a, [c])
    unsaved = a_task(a.network, name="a again", params=a.params)
    create_task(task=unsaved, wallets={}, needs=(c,))
    assert TaskDependency.objects.count() == 3


@pytest.mark.parametrize("paused", [False, True])
def test_what_is_woken_while_a_worker_looks_at_it_is_looked_at_again(*, paused: bool) -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    if paused:
        pause_scope(scope="wallet", value=wallet.label, actor="a person", reason="a while")
    turn()
    run = run_of(second)
    assert run.state == "held"
    Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
    start_run(run)
    awake = Run.objects.filter(task=second, wake_at__lte=timezone.now())
    assert awake.exists()
