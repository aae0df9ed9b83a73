"""Cleaning rows out of a table that somebody else writes to: how long that one waits.

`BENCH_CLEAN_ROWS=1000000 python -m tests.bench.cleaning`, on PostgreSQL. The writer updates rows
that stay and adds new ones; its longest wait is to be 100 ms at most, memory flat.
"""

import json
import multiprocessing
import os
import resource
import sys
import time
from datetime import timedelta
from multiprocessing.connection import Connection

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from airdrops_site.cleaning.services import clean_up  # noqa: E402
from analytics.models import RollupMark  # noqa: E402
from analytics.models.rollups import Metric  # noqa: E402
from scheduling.models import Occurrence, Run, Step, Task  # noqa: E402
from tests import factories  # noqa: E402
from tests.scratch import migrate  # noqa: E402
from wallets.models import Wallet  # noqa: E402

ROWS = int(os.environ.get("BENCH_CLEAN_ROWS", "20000"))
AT_ONCE = 5_000


def main() -> None:
    """Print the numbers."""
    migrate()
    task, wallet = factories.TaskFactory.create(), factories.WalletFactory.create()
    # Half of the rows are runs, half are their steps.
    _runs(task, wallet, ROWS // 2)
    RollupMark.objects.update_or_create(
        metric=Metric.RUNS, defaults={"done_until": timezone.now(), "cleaned_until": timezone.now()}
    )
    here, there = multiprocessing.Pipe()
    writer = multiprocessing.get_context("spawn").Process(target=write, args=(task.pk, there))
    writer.start()
    here.recv()
    before, began = _megabytes(), time.monotonic()
    done = clean_up(by="a benchmark", progress=tell)
    took = time.monotonic() - began
    here.send("stop")
    waits: list[float] = sorted(here.recv())
    writer.join()
    told = {
        "engine": connection.vendor,
        "rows_gone": done.rows,
        "rows_per_second": round(done.rows / took),
        "writes_meanwhile": len(waits),
        "longest_wait_ms": round(waits[-1] * 1000, 1),
        "p99_wait_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
        "grown_megabytes": _megabytes() - before,
        "peak_megabytes": _megabytes(),
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def tell(line: str) -> None:
    """Progress, beside the numbers."""
    sys.stderr.write(f"{line}\n")


def write(task: int, pipe: Connection) -> None:
    """In a process of its own: an update of a run and a new one, again and again."""
    connections.close_all()
    wallet, waits, number = Wallet.objects.get(), [], 0
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True)[0]
    pipe.send("ready")
    while not pipe.poll():
        began = time.monotonic()
        Run.objects.filter(pk=newest).update(detail=str(number))
        due_at = timezone.now() + timedelta(days=1, seconds=number)
        one = Occurrence.objects.create(task_id=task, wallet=wallet, due_at=due_at)
        Run.objects.create(occurrence=one, task_id=task, wallet=wallet)
        waits.append(time.monotonic() - began)
        number += 1
        time.sleep(0.005)
    pipe.send(waits)


def _runs(task: Task, wallet: Wallet, count: int) -> None:
    old = timezone.now() - timedelta(days=400)
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        due = [
            Occurrence(task=task, wallet=wallet, due_at=old + timedelta(seconds=n), state="started")
            for n in numbers
        ]
        Occurrence.objects.bulk_create(due)
        runs = Run.objects.bulk_create(
            Run(occurrence=one, task=task, wallet=wallet, state="failed") for one in due
        )
        Step.objects.bulk_create(
            Step(run=run, index=0, kind="call", label="l", spec={}, state="failed") for run in runs
        )
        # Written as it is made otherwise.
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(state_changed_at=old)


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
