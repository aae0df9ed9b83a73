"""`manage.py tasks`: what it does exactly once, what it only says, and what it refuses."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from protocols.models import Protocol
from scheduling.models import Occurrence, Pause, Run, Task
from scheduling.operating import run_now
from scheduling.pauses import pause_scope
from tests import factories
from tests.airdrops_site.guides import run
from tests.protocols.operators import ETHER, Operator
from wallets.models import Transition, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def said(line: str) -> str:
    """What the command says, done or refused."""
    try:
        return run(f"manage.py tasks {line}")[1]
    except CommandError as error:
        return f"{error} ({error.returncode})"


def facts(line: str) -> Any:
    """The same as values, with the exit code."""
    code, text = run(f"manage.py tasks {line} --json")
    return code, json.loads(text)


def a_task(wallets: int = 1, **fields: Any) -> Task:
    """A task that pays, with so many wallets."""
    task = factories.TaskFactory.create(**{"name": "daily", "action": "wrap", **fields})
    for _ in range(wallets):
        factories.TaskWalletFactory.create(task=task)
    return task


def test_a_run_now_is_made_once_while_it_is_unfinished(db: None) -> None:
    task = a_task()
    label = task.wallets.get().label
    assert facts('run daily --reason "a test"')[1]["runs"] == [
        {"run": Run.objects.get().pk, "wallet": label}
    ]
    assert f"{label}: not run, run {Run.objects.get().pk} is pending still" in said("run daily")
    Run.objects.update(state="succeeded")
    for later in range(3):
        due_at = timezone.now().replace(microsecond=0) + timedelta(seconds=later)
        Occurrence.objects.get_or_create(task=task, wallet=task.wallets.get(), due_at=due_at)
    assert "within this very second" in said("run daily")
    (told,) = Transition.objects.filter(subject="run", subject_id=Run.objects.order_by("pk")[0].pk)
    assert told.reason == "asked for: a test"


def queries_of_run(wallets: int) -> int:
    """How many it takes for a task of so many."""
    task = a_task(wallets, name=f"of {wallets}")
    with CaptureQueriesContext(connection) as asked:
        assert len(run_now(task=task, actor="test").runs) == wallets
    return len(asked)


def test_many_wallets_take_no_more_queries_than_one(db: None) -> None:
    assert queries_of_run(40) == queries_of_run(2)


def create(count: int, path: Path) -> int:
    """The queries of creating a task with so many wallets out of a file."""
    labels = [factories.WalletFactory.create().label for _ in range(count)]
    path.write_text("wallet,amount\n" + "".join(f"{one},{ETHER}\n" for one in labels))
    with CaptureQueriesContext(connection) as asked:
        said(f"create many-{count} evm/wrap --network devnet --file {path} --disabled")
    assert Task.objects.get(name=f"many-{count}").task_wallets.count() == count
    return len(asked)


def test_five_hundred_wallets_are_created_in_as_many_queries_as_two(tmp_path: Path) -> None:
    factories.ProtocolFactory.create(slug="evm")
    factories.NetworkFactory.create(slug="devnet")
    more = create(500, tmp_path / "many.csv") - create(2, tmp_path / "few.csv")
    # SQLite takes a thousand values in one insert, PostgreSQL all of them.
    assert more <= int(connection.vendor == "sqlite")


def test_what_cannot_be_created_is_refused_in_a_sentence(db: None, tmp_path: Path) -> None:
    factories.ProtocolFactory.create(slug="evm")
    factories.NetworkFactory.create(slug="devnet")
    factories.WalletFactory.create(label="w1")
    begin = "create x evm/wrap --network devnet"
    assert "it has no wallets" in said(begin)
    assert "there is no wallet w2" in said(f"{begin} --wallet w2 --param amount=1")
    assert "there is no tag hot" in said(f"{begin} --wallets-tag hot")
    assert "the parameter amount is missing" in said(f"{begin} --wallet w1")
    assert "is no cron expression" in said(f"{begin} --wallet w1 --param amount=1 --cron x")
    assert not Task.objects.exists()


def test_failed_runs_are_retried_or_told_why_not(db: None) -> None:
    task = a_task()
    old = factories.RunFactory.create(occurrence__task=task, state="failed")
    Run.objects.update(state_changed_at=timezone.now() - timedelta(days=3))
    new = factories.RunFactory.create(occurrence__task=task, state="failed")
    sent = factories.RunFactory.create(occurrence__task=task, state="failed")
    factories.StepFactory.create(run=sent, state="submitted")
    assert len(facts("retry-failed --since 2d --dry-run")[1]) == 2
    code, found = facts("retry-failed --since 2d --protocol evm")
    assert (code, {one["run"]: bool(one["refused"]) for one in found}) == (
        1,
        {new.pk: False, sent.pk: True},
    )
    states = {run.pk: run.state for run in Run.objects.all()}
    assert states == {old.pk: "failed", new.pk: "pending", sent.pk: "failed"}


def test_pausing_and_resuming_is_told_where_tasks_are_listed(db: None) -> None:
    a_task()
    assert "tasks resume task daily" in said('pause task daily --reason "looked into"')
    assert "paused: task daily: looked into" in said("list")
    assert "task daily is paused already" in said("pause task daily --reason again")
    assert "resumed: task daily" in said("resume task daily --reason fine")
    assert "write everything, or" in said("pause task --reason x")
    assert not Pause.objects.exists()


def test_tasks_are_switched_by_name_or_by_filter(db: None) -> None:
    a_task()
    a_task(name="other", enabled=True)
    assert "enabled: daily" in said("enable daily --reason x")
    assert "disabled: daily, other" in said("disable --all-matching --protocol evm --reason x")
    assert "one of the two" in said("disable --reason x")
    assert not Task.objects.filter(enabled=True).exists()


def test_only_a_task_that_never_was_due_is_deleted(db: None) -> None:
    a_task()
    factories.OccurrenceFactory.create(task=a_task(name="ran"))
    assert "has runs, which are history" in said("delete ran --reason x")
    said("delete daily --reason x")
    assert list(Task.objects.values_list("name", flat=True)) == ["ran"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("show nothing", "there is no task 'nothing'"),
        ("list --tag cold", "there is no tag cold"),
        ("list --campaign moon", "there is no campaign moon"),
        ("export", "name tasks, or say --all"),
        ("export nothing", "there is no task 'nothing'"),
        ("retry-failed --since yesterday", "is no time"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(db: None, line: str, told: str) -> None:
    assert told in said(line)


def test_listing_and_showing_take_a_fixed_number_of_queries(db: None) -> None:
    def of_list() -> int:
        with CaptureQueriesContext(connection) as asked:
            said("list")
        return len(asked)

    a_task(3)
    few = of_list()
    for number in range(10):
        a_task(3, name=f"another {number}")
    assert of_list() == few


@pytest.fixture
def wrapping(alice: Operator) -> Task:
    """Alice in a task that wraps one ether."""
    task = factories.TaskFactory.create(
        name="daily",
        protocol=Protocol.objects.get(slug="evm"),
        network=alice.network,
        action="wrap",
        params={"amount": str(ETHER)},
        needs_approval=True,
    )
    factories.TaskWalletFactory.create(task=task, wallet=Wallet.objects.get(label="alice"))
    return task


def counts() -> dict[str, int]:
    """The rows of every table."""
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_a_dry_run_tells_all_and_records_nothing(wrapping: Task) -> None:
    before = counts()
    code, (found,) = facts("dry-run daily")
    assert (code, found["would_go"], found["held"]) == (0, True, "")
    (step,) = found["steps"]
    assert (step["call"], step["policy"], int(step["fee"]) > 0) == ("deposit()", "", True)
    assert found["approval"] == ["the task “daily” asks for it"]
    assert counts() == before


def test_a_dry_run_names_the_pause_and_the_gate_that_would_hold_it(wrapping: Task) -> None:
    pause_scope(scope="wallet", value="alice", actor="test", reason="looked into")
    before = counts()
    code, text = run("manage.py tasks dry-run daily")
    assert code == 1
    assert "It would be held: paused: wallet alice: looked into" in text
    assert "Gate pause holds step 1: paused: wallet alice: looked into" in text
    assert counts() == before


def test_a_share_of_a_balance_is_an_amount_here_too(db: None) -> None:
    factories.ProtocolFactory.create(slug="evm")
    factories.NetworkFactory.create(slug="devnet")
    factories.WalletFactory.create(label="w1")
    line = "create half evm/wrap --network devnet --wallet w1 --param"
    assert said(f'{line} "amount=50 % of balance"').startswith("created half")
    assert "write up to 100 %" in said(f'{line.replace("half", "all")} "amount=101 % of balance"')
