"""What the workers ask every second reads an index, however many rows there are."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import tasks
from scheduling.dispatch import dispatch_due
from scheduling.models import Run
from scheduling.runs import advance_runs
from tests.scheduling.tasks import payer, paying

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql,
    pytest.mark.usefixtures("errands"),
]


@pytest.fixture
def many() -> None:
    """Ten thousand runs that wait, and ten thousand tasks that sleep."""
    task = paying(payer())
    dispatch_due()
    with connection.cursor() as cursor:
        for table, own in (("scheduling_task", "name"), ("scheduling_occurrence", "due_at")):
            _copy(cursor, table, own, task.pk)
        cursor.execute(
            "INSERT INTO scheduling_run (occurrence_id, task_id, wallet_id, params, readings, "
            "summary, relies_on, priority, state, detail, cancel_reason, tries, version, wake_at, "
            "created_at, state_changed_at) "
            "SELECT o.id, o.task_id, o.wallet_id, '{}', '{}', '', '[]', "
            "o.id % 3, 'pending', '', '', 0, 0, now() + o.id * interval '1 hour', now(), now() "
            "FROM scheduling_occurrence o WHERE NOT EXISTS "
            "(SELECT 1 FROM scheduling_run r WHERE r.occurrence_id = o.id)"
        )
        cursor.execute("ANALYZE scheduling_task, scheduling_run, scheduling_occurrence")


def _copy(cursor: Any, table: str, own: str, pk: int) -> None:
    model = next(one for one in apps.get_models() if one._meta.db_table == table)
    names = [str(one.column) for one in model._meta.concrete_fields if one.column != "id"]
    other = {"name": "name || n", "due_at": "due_at + n * interval '1 second'"}
    other["next_due_at"] = "now() + n * interval '1 hour'"
    values = ", ".join(other.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, "
        f"generate_series(1, 10000) AS n WHERE id = (SELECT min(id) FROM {table})"
    )


def scans(work: Callable[[], object], table: str) -> list[str]:
    """The plans of the questions about the table that the work asks, as PostgreSQL makes them."""
    with CaptureQueriesContext(connection) as asked:
        work()
    wanted = [
        one["sql"] for one in asked if one["sql"].startswith("SELECT") and table in one["sql"]
    ]
    found = []
    with connection.cursor() as cursor:
        for sql in wanted:
            cursor.execute(f"EXPLAIN {sql}")
            found.append("\n".join(line for (line,) in cursor.fetchall()))
    return found


def test_due_tasks_and_runs_are_found_by_an_index(many: None) -> None:
    Run.objects.filter(priority=0).update(wake_at=None)
    plans = [
        *scans(dispatch_due, "scheduling_task"),
        *scans(advance_runs, "scheduling_run"),
        *scans(lambda: list(tasks._runs_due()), "scheduling_run"),
        *scans(lambda: list(tasks._tasks_due()), "scheduling_task"),
    ]
    assert len(plans) >= 4
    for plan in plans:
        assert "Seq Scan on scheduling_task" not in plan, plan
        assert "Seq Scan on scheduling_run" not in plan, plan
