"""Tasks as files: written and applied they are what they were; every mistake is one sentence."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from protocols.models import Protocol
from scheduling.models import Task, TaskDependency, TaskWallet
from scheduling.task_files.applying import apply_entries
from scheduling.task_files.entries import with_related
from scheduling.task_files.reading import read_file
from scheduling.task_files.writing import as_toml
from tests import factories
from tests.airdrops_site.guides import run
from wallets.models import Network, Transition, Wallet, WalletGroup, WalletTag

pytestmark = [pytest.mark.django_db, pytest.mark.db]
EXAMPLES = Path(settings.BASE_DIR, "docs/examples/tasks")
TO = factories.an_address("a friend")
ENTRY = f"""
[[task]]
name = "pay"
protocol = "evm"
action = "transfer"
network = "devnet"
schedule = "interval"
interval_seconds = 60
starts_at = 2027-01-01T00:00:00Z
[task.params]
to = "{TO}"
amount = "5"
[[task.wallets]]
label = "w1"
"""


@pytest.fixture
def known(db: None) -> None:
    """What the files of these tests name."""
    factories.ProtocolFactory.create(slug="evm")
    factories.NetworkFactory.create(slug="devnet")
    for label in ("w1", "w2"):
        factories.WalletFactory.create(label=label)
    factories.WalletGroupFactory.create(name="farm")
    factories.WalletTagFactory.create(name="hot")


@pytest.fixture
def written(tmp_path: Path, known: None) -> Callable[[str], Path]:
    """A file with this text."""

    def write(text: str) -> Path:
        path = tmp_path / "tasks.toml"
        path.write_text(text)
        return path

    return write


def applied(path: Path, *options: str) -> str:
    """What `tasks apply` says."""
    return run(f"manage.py tasks apply {path} {' '.join(options)}")[1]


def refused(path: Path) -> str:
    """The sentences of a refusal."""
    with pytest.raises(CommandError) as error:
        applied(path)
    assert error.value.returncode == 2
    assert not Task.objects.exists()
    return str(error.value)


def test_a_file_is_applied_once_and_tells_what_it_changed(
    written: Callable[[str], Path],
) -> None:
    path = written(ENTRY)
    assert "1 added; nothing was written" in applied(path, "--dry-run")
    assert not Task.objects.exists()
    assert "1 added" in applied(path)
    assert Task.objects.get().next_due_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert applied(path).split("\n")[-2] == "1 unchanged"
    path.write_text(ENTRY.replace("= 60", "= 90").replace('"5"', '"6"'))
    said = applied(path)
    assert "interval_seconds: 60 -> 90" in said
    assert "1 changed" in said
    (told,) = Transition.objects.filter(subject="task", to_state="changed")
    assert told.reason == "changed by tasks.toml: interval_seconds, params"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[[task]]", "[[task", "is no TOML"),
        ("[[task]]", "[[tasks]]", "there is no tasks; a file has [[task]] entries only"),
        ('"evm"', '"nft"', "task pay, action: "),
        ('"transfer"', '"fly"', "task pay, action: "),
        ('"devnet"', '"moon"', "task pay, network: there is no network moon"),
        ('"w1"', '"w9"', "task pay, wallets: there is no wallet w9"),
        ("= 60", '= "60"', "task pay, interval_seconds: write a whole number"),
        ("= 60", "= 0", "interval_seconds"),
        ("T00:00:00Z", "T00:00:00", "starts_at: write a moment with its offset"),
        ('amount = "5"', 'amount = "1.5 ETH"', "the parameter amount is '1.5 ETH'"),
        ("schedule =", "every = 5\nschedule =", "task pay, every: there is no such key"),
        ('schedule = "interval"', 'priority = "top"\nschedule = "cron"', "priority: write one of"),
        ('schedule = "interval"', 'schedule = "cron"\ncron = "x"', "is no cron expression"),
        ("[task.params]", 'needs = [{task = "x"}]\n[task.params]', "needs: there is no task x"),
    ],
)
def test_a_mistake_is_told_with_file_task_and_key(
    written: Callable[[str], Path], old: str, new: str, told: str
) -> None:
    path = written(ENTRY.replace(old, new))
    sentence = refused(path)
    assert told in sentence
    assert "tasks.toml" in sentence


def test_one_mistake_keeps_the_whole_file_out(written: Callable[[str], Path]) -> None:
    second = ENTRY.replace('"pay"', '"pay more"').replace('"w1"', '"w8"')
    assert "task pay more, wallets: there is no wallet w8" in refused(written(ENTRY + second))


def test_tasks_that_wait_for_each_other_are_refused(written: Callable[[str], Path]) -> None:
    first = ENTRY + '[[task.needs]]\ntask = "b"\n'
    second = ENTRY.replace('"pay"', '"b"') + '[[task.needs]]\ntask = "pay"\n'
    assert "it waits for itself by way of others" in refused(written(first + second))


def test_a_task_that_is_not_in_the_file_is_left_alone_unless_asked(
    written: Callable[[str], Path],
) -> None:
    other = factories.TaskFactory.create(name="other", enabled=True)
    path = written(ENTRY)
    applied(path)
    other.refresh_from_db()
    assert other.enabled
    assert "- other" in applied(path, "--disable-missing")
    other.refresh_from_db()
    assert not other.enabled


def test_a_task_that_somebody_switched_off_stays_so(written: Callable[[str], Path]) -> None:
    path = written(ENTRY)
    applied(path)
    Task.objects.update(enabled=False)
    assert "1 unchanged" in applied(path)
    assert not Task.objects.get().enabled


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
MOMENTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda at: datetime.fromtimestamp(at, UTC))
VALUES: Any = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
TASKS = st.fixed_dictionaries(
    {
        "name": TEXT.filter(lambda text: text.strip() == text),
        "schedule": st.sampled_from(("once", "interval")),
        "interval_seconds": st.integers(1, 10**6),
        "starts_at": MOMENTS,
        "ends_at": st.none() | MOMENTS,
        "misfire": st.sampled_from(Task.Misfire.values),
        "priority": st.sampled_from(Task.Priority.values),
        "max_fee_ceiling": st.none() | st.integers(0, 2**256 - 1),
        "max_running": st.none() | st.integers(1, 1000),
        "max_retries": st.integers(0, 100),
        "needs_approval": st.booleans(),
        "enabled": st.booleans(),
        "own": st.dictionaries(st.sampled_from(("w1", "w2")), VALUES, max_size=2),
        "farm": st.booleans(),
        "hot": st.booleans(),
    }
)


def store(fields: list[dict[str, Any]]) -> None:
    """These tasks, each after the one before it."""
    network = Network.objects.get(slug="devnet")
    before = None
    for one in fields:
        rest = {key: value for key, value in one.items() if key not in ("own", "farm", "hot")}
        task = Task.objects.create(
            protocol=Protocol.objects.get(),
            network=network,
            action="transfer",
            params={"to": TO, "amount": "1"},
            **rest,
        )
        for label in one["own"]:
            own = {"amount": "7"}
            TaskWallet.objects.create(task=task, wallet=Wallet.objects.get(label=label), params=own)
        task.groups.set(WalletGroup.objects.all() if one["farm"] else [])
        task.tags.set(WalletTag.objects.all() if one["hot"] else [])
        if before is not None:
            TaskDependency.objects.create(task=task, needs=before, delay_seconds=5)
        before = task


@given(st.lists(TASKS, max_size=3, unique_by=lambda one: one["name"]))
@trying(
    max_examples=int(os.environ.get("AIRDROPS_EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_exported_and_applied_is_the_same(
    known: None, tmp_path: Path, fields: list[dict[str, Any]]
) -> None:
    path = tmp_path / "tasks.toml"
    with transaction.atomic():
        store(fields)
        text = as_toml(with_related(Task.objects.all()))
        path.write_text(text, encoding="utf-8")
        TaskDependency.objects.all().delete()
        Task.objects.all().delete()
        apply_entries(entries=read_file(path), source="x", actor="test")
        assert as_toml(with_related(Task.objects.all())) == text
        again = apply_entries(entries=read_file(path), source="x", actor="test")
        assert {one.kind for one in again} <= {"unchanged"}
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", ["eigenlayer", "hyperliquid"])
def test_an_example_of_what_is_not_built_names_what_is_missing(name: str, known: None) -> None:
    for label in ("ethereum", "arbitrum"):
        factories.NetworkFactory.create(slug=label)
    factories.WalletFactory.create(label="operator-1")
    path = EXAMPLES / f"{name}.toml"
    assert "NOT BUILT YET" in path.read_text()
    assert f"there is no protocol {name} in this installation" in refused(path)


@pytest.mark.parametrize(("name", "other"), [("scroll", "scroll"), ("zksync", "zksync-era")])
def test_an_example_of_what_is_built_applies(name: str, other: str, db: None) -> None:
    factories.ProtocolFactory.create(slug=name)
    for slug in ("ethereum", other):
        factories.NetworkFactory.create(slug=slug)
    for label in ("operator-1", "operator-2"):
        factories.WalletFactory.create(label=label)
    assert "2 added" in applied(EXAMPLES / f"{name}.toml")
    assert "2 unchanged" in applied(EXAMPLES / f"{name}.toml")


def test_a_share_of_a_balance_is_an_amount_in_a_file_too(written: Callable[[str], Path]) -> None:
    path = written(ENTRY.replace('"5"', '"25 % of balance, at most 1"'))
    assert applied(path).startswith("+ pay")
    assert applied(path).startswith("= pay")
    assert Task.objects.get().params["amount"] == "25 % of balance, at most 1"


def test_a_share_that_cannot_be_is_refused_by_a_file_too(written: Callable[[str], Path]) -> None:
    assert "NOPE is no enabled token" in refused(written(ENTRY.replace('"5"', '"9 % of NOPE"')))


def test_windows_that_overlap_are_refused_in_a_sentence(written: Callable[[str], Path]) -> None:
    text = ENTRY.replace("interval_seconds = 60", "interval_seconds = 60\nspread_seconds = 90")
    assert "a window of 90 s is not over when the next begins" in refused(written(text))


@pytest.mark.postgresql
def test_what_a_file_leaves_alone_is_locked_before_it_is_read(
    written: Callable[[str], Path],
) -> None:
    path = written(ENTRY)
    applied(path)
    with CaptureQueriesContext(connection) as asked:
        applied(path)
    about = [one["sql"] for one in asked if 'FROM "scheduling_task" ' in one["sql"]]
    assert about[0].endswith("FOR UPDATE")
