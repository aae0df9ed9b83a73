"""Cleaning rows out of a table that others write to: how long those wait.

`BENCH_CLEAN_ROWS=1000000 python -m tests.bench.cleaning`, on PostgreSQL. One writer updates rows
that stay and adds new ones; another always wants the very rows that are going, so it waits as long
as their locks are held. The longest wait is to be 100 ms at most, memory flat.

With BENCH_CLEAN_SECONDS it stops after so long, as Ctrl-C would; the next on the same database
(TEST_DATABASE_URL) goes on with the rest.
"""

import json
import multiprocessing
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from airdrops_site.cleaning.services import CleanupStopped, clean_up  # noqa: E402
from analytics.models import RollupMark  # noqa: E402
from analytics.models.rollups import Metric  # noqa: E402
from scheduling.models import Occurrence, Run, Step  # noqa: E402
from tests import factories  # noqa: E402
from tests.bench.many import insert  # noqa: E402
from tests.scratch import migrate  # noqa: E402

ROWS = int(os.environ.get("BENCH_CLEAN_ROWS", "20000"))
SECONDS = float(os.environ.get("BENCH_CLEAN_SECONDS", "0"))
AT_ONCE = 50_000
FIRST = 1_000_000
ALONE_SECONDS = 20
Write = Callable[[], None]


def main() -> None:
    """Print the numbers."""
    migrate()
    # Half of the rows are runs of one task and wallet, half are their steps.
    if not Run.objects.exists():
        _fill(ROWS // 2)
    now = timezone.now()
    RollupMark.objects.update_or_create(
        metric=Metric.RUNS, defaults={"done_until": now, "cleaned_until": now}
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    alone = _writing(lambda: time.sleep(ALONE_SECONDS))[1]
    before = _megabytes()
    (gone, seconds), waits = _writing(_cleaned)
    told = {
        "engine": connection.vendor,
        "rows_gone": gone,
        "rows_left": 2 * (Run.objects.filter(pk__lte=FIRST + ROWS // 2).count() - 1),
        "rows_per_second": round(gone / seconds),
        "grown_megabytes": _megabytes() - before,
        "peak_megabytes": _megabytes(),
        "without_cleanup": alone,
        "waits": waits,
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def tell(line: str) -> None:
    """Progress, beside the numbers."""
    sys.stderr.write(f"{line}\n")


def _cleaned() -> tuple[int, float]:
    """Rows gone, and seconds."""
    began, seen = time.monotonic(), [0]

    def told(line: str) -> None:
        tell(line)
        seen[0] = int(re.sub(r".*: (\d+) rows in all", r"\1", line)) if "in all" in line else 0
        if SECONDS and time.monotonic() - began > SECONDS:
            raise KeyboardInterrupt

    try:
        gone = clean_up(by="a benchmark", progress=told).rows
    except CleanupStopped:
        gone = seen[0]
    return gone, time.monotonic() - began


def beside() -> Write:
    """Update a run that stays, and make a new one."""
    newest, number = Run.objects.order_by("-pk")[0], 0

    def write() -> None:
        nonlocal number
        number += 1
        Run.objects.filter(pk=newest.pk).update(detail=str(number))
        due_at = timezone.now() + timedelta(days=1, seconds=number)
        same = {"task_id": newest.task_id, "wallet_id": newest.wallet_id}
        Run.objects.create(occurrence=Occurrence.objects.create(**same, due_at=due_at), **same)

    return write


def among() -> Write:
    """Update the first run that is still there: one that is just going, as a rule."""
    place = 0

    def write() -> None:
        nonlocal place
        place = Run.objects.filter(pk__gte=place).order_by("pk").values_list("pk", flat=True)[0]
        Run.objects.filter(pk=place).update(detail="wanted")

    return write


def _writing[T](work: Callable[[], T]) -> tuple[T, dict[str, dict[str, float]]]:
    """What the work gave, and how long the two waited meanwhile."""
    pipes = {others.__name__: _started(others) for others in (beside, among)}
    found, waits = work(), {}
    for name, pipe in pipes.items():
        pipe.send("stop")
        waits[name] = _figures(sorted(pipe.recv()))
    return found, waits


def _started(others: Callable[[], Write]) -> Connection:
    here, there = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(
        target=write_on, args=(others, there), daemon=True
    ).start()
    here.recv()
    return here


def write_on(others: Callable[[], Write], pipe: Connection) -> None:
    """In a process of its own: again and again, timing each."""
    connections.close_all()
    write, waits = others(), []
    pipe.send("ready")
    while not pipe.poll():
        began = time.monotonic()
        write()
        waits.append(time.monotonic() - began)
        time.sleep(0.01)
    pipe.send(waits)


def _figures(waits: list[float]) -> dict[str, float]:
    return {
        "writes": len(waits),
        "over_100_ms": sum(wait > 0.1 for wait in waits),
        "longest_wait_ms": round(waits[-1] * 1000, 1),
        "p99_wait_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
    }


def _fill(count: int) -> None:
    step = factories.StepFactory.create(
        transaction=None, state="failed", run__state="failed", label="l", spec={}
    )
    run, old = step.run, timezone.now() - timedelta(days=400)
    Run.objects.filter(pk=run.pk).update(state_changed_at=old)
    own = {"id": f"{FIRST} + n"}
    due = own | {"due_at": "due_at - interval '1 second' * n"}
    for first in range(1, count + 1, AT_ONCE):
        span = first, min(first + AT_ONCE - 1, count)
        insert(Occurrence, run.occurrence_id, span, due)
        insert(Run, run.pk, span, own | {"occurrence_id": f"{FIRST} + n"})
        insert(Step, step.pk, span, own | {"run_id": f"{FIRST} + n"})
        tell(f"runs to {span[1]}")


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
