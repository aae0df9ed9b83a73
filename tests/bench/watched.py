"""What /health and /metrics cost with few transactions in the database, and with many.

`python -m tests.bench.watched --transactions 1000000`, on PostgreSQL; it takes some minutes.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from airdrops_site.health.registry import CHECKS  # noqa: E402
from airdrops_site.health.report import take_report  # noqa: E402
from airdrops_site.health.survey import Survey  # noqa: E402
from airdrops_site.metrics import render_metrics  # noqa: E402
from tests import factories as made  # noqa: E402
from tests.analytics.reports.days import DAY, Books  # noqa: E402
from tests.bench.many import copy, copy_around  # noqa: E402
from tests.scratch import migrate  # noqa: E402
from wallets.models import RpcEndpoint, SpendReservation, Transaction  # noqa: E402

EACH = 50_000
TIMES = 15


def main() -> None:
    """Print milliseconds at both sizes, and how many times the few the many take."""
    asked = _arguments()
    migrate()
    books = Books.open()
    books.price(DAY + timedelta(hours=23))
    books.move(DAY + timedelta(hours=23, minutes=59), "in", 10_000_000)
    _begin_around(books)
    # No endpoint is there to be asked: what is measured is the database.
    RpcEndpoint.objects.all().delete()
    few = _grown(1, asked.few)
    many = _grown(asked.few + 1, asked.transactions)
    ratios = {name: round(many[name] / few[name], 2) for name in few if name != "transactions"}
    sys.stdout.write(json.dumps({"few": few, "many": many, "ratios": ratios}, indent=2) + "\n")


def _begin_around(books: Books) -> None:
    """What is copied beside transactions, some that are under way, and a protocol that rests."""
    row = Transaction.objects.get()
    protocol = made.ProtocolFactory.create(slug=row.protocol)
    task = made.TaskFactory.create(protocol=protocol, network=books.lane.network)
    run = made.RunFactory.create(occurrence__task=task, occurrence__wallet=books.lane.wallet)
    made.StepFactory.create(run=run, transaction=row, state="settled", settlement={})
    limit = made.LimitFactory.create(kind="max_day_value")
    SpendReservation.objects.create(
        transaction=row, limit=limit, day=timezone.now().date(), amount=1
    )
    made.BalanceSnapshotFactory.create(network=books.lane.network)
    made.ProtocolFactory.create(slug="resting")
    for nonce, state in enumerate(("broadcast", "needs_operator"), start=10):
        same = {"lane": books.lane, "protocol": row.protocol, "nonce": nonce}
        made.TransactionFactory.create(**same, state=state)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--transactions", type=int, default=1_000_000)
    return parser.parse_args()


def _grown(first: int, last: int) -> dict[str, float]:
    with connection.cursor() as cursor:
        # Copies of what was checked need no checking.
        cursor.execute("SET session_replication_role = replica")
    for start in range(first, last + 1, EACH):
        copy(start, min(start + EACH - 1, last))
        copy_around(start, min(start + EACH - 1, last))
    with connection.cursor() as cursor:
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")
    return {
        "transactions": Transaction.objects.count(),
        "health": _milliseconds(take_report),
        "metrics": _milliseconds(render_metrics),
        "health_in_database": _in_database(_look),
        "metrics_in_database": _in_database(render_metrics),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    """The least of several: what else the machine does only adds to it."""
    return round(min(_timed(work) for _ in range(TIMES)), 1)


def _look() -> None:
    survey = Survey()
    for check in CHECKS:
        check.look(survey)


def _in_database(work: Callable[[], object]) -> float:
    """Milliseconds in which the database plans and executes the statements, each at its best."""
    with CaptureQueriesContext(connection) as queries:
        work()
    asked = [one["sql"] for one in queries.captured_queries]
    return round(sum(map(_best, (sql for sql in asked if sql.startswith(("SELECT", "("))))), 1)


def _best(sql: str) -> float:
    return min(_explained(sql) for _ in range(4))


def _explained(sql: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ANALYZE {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    return sum(float(found) for found in re.findall(r"(?:Planning|Execution) Time: ([\d.]+)", plan))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
