"""How fast what is due begins: with four clusters and ten thousand runs, and with a million tasks.

`python -m tests.bench.dispatch FILE` adds a JSON line for each part to the file; parts that are
there already are not measured again.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from protocols.models import Protocol  # noqa: E402
from protocols.registry import adapters  # noqa: E402
from scheduling.dispatch import dispatch_due  # noqa: E402
from scheduling.models import Occurrence, Run, Task  # noqa: E402
from tests.bench.ours import clusters  # noqa: E402
from tests.factories import NetworkFactory  # noqa: E402
from tests.scheduling.errands import install  # noqa: E402
from tests.scheduling.tasks import payer, paying  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.models import Transition, Wallet  # noqa: E402

WALLETS = int(os.environ.get("BENCH_WALLETS", "500"))
TASKS = int(os.environ.get("BENCH_TASKS", "20"))
CLUSTERS = 4
IDLE = (100, int(os.environ.get("BENCH_IDLE", "1000000")))
ROUNDS = 30
WITHIN = 1800


def main(file: Path) -> None:
    """Each part that is not in the file yet."""
    known = file.read_text().splitlines() if file.exists() else []
    done = {json.loads(line)["part"] for line in known}
    parts: Mapping[str, Callable[[Path], dict[str, object]]] = {"runs": _runs, "idle": _idle}
    folder = _ground()
    for name, measure in parts.items():
        if name not in done:
            line = json.dumps({"part": name, **measure(folder)})
            print(line)  # noqa: T201
            with file.open("a") as out:
                out.write(f"{line}\n")


def _ground() -> Path:
    """A database, and the protocol of errands for this process and its clusters."""
    folder = prepare("bench-dispatch")
    install(folder)
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = str(folder)
    adapters.cache_clear()
    Protocol.objects.create(slug="errands", name="Errands")
    NetworkFactory.create()
    return folder


def _runs(folder: Path) -> dict[str, object]:
    """From due to begun, of runs that are all due at once, and whether each was once."""
    wallets = [payer(f"bench-{number:03}") for number in range(WALLETS)]
    due = timezone.now() + timedelta(seconds=20)
    for number in range(TASKS):
        _sleeping(wallets, f"burst {number}", starts_at=due, priority=(-10, 0, 10, 20)[number % 4])
    wanted = WALLETS * TASKS
    with clusters(CLUSTERS, folder):
        while Run.objects.filter(state="succeeded").count() < wanted:
            if timezone.now() > due + timedelta(seconds=WITHIN):
                break
            connection.close()
            time.sleep(1)
    return {"clusters": CLUSTERS, "wanted": wanted, **_waited(wanted)}


def _waited(wanted: int) -> dict[str, object]:
    begun = Transition.objects.filter(subject="run", to_state="running")
    due = dict(Run.objects.values_list("pk", "occurrence__due_at"))
    rows = sorted((row.at - due[row.subject_id]).total_seconds() for row in begun)
    seconds = rows[-1]
    return {
        "occurrences": Occurrence.objects.count(),
        "succeeded": Run.objects.filter(state="succeeded").count(),
        "begun": len(rows),
        "begun_twice": len(rows) - begun.values("subject_id").distinct().count(),
        "p50_seconds": round(rows[len(rows) // 2], 2),
        "p95_seconds": round(rows[int(len(rows) * 0.95)], 2),
        "begun_per_second": round(wanted / seconds, 1),
    }


def _sleeping(wallets: list[Wallet], name: str, **fields: Any) -> Task:
    params = {"until": timezone.now().isoformat()}
    return paying(*wallets, name=name, action="sleep", params=params, **fields)


def _idle(_folder: Path) -> dict[str, object]:
    """Seconds to dispatch the same due tasks with few and with many others asleep."""
    wallets = list(Wallet.objects.all()[:5]) or [payer("bench-idle")]
    task = _sleeping(wallets, "hourly", schedule="interval", interval_seconds=3600)
    later = timezone.now() + timedelta(days=30)
    Task.objects.exclude(pk=task.pk).update(next_due_at=later)
    _fill(task, 1, IDLE[0])
    few = _seconds(task)
    _fill(task, IDLE[0] + 1, IDLE[1])
    many = _seconds(task)
    return {"idle": IDLE, "seconds_few": few, "seconds_many": many, "ratio": round(many / few, 3)}


def _fill(task: Task, first: int, last: int) -> None:
    """Copies of the task that are due in a month."""
    names = [str(one.column) for one in Task._meta.concrete_fields if one.column != "id"]
    other = {"name": "'idle ' || n", "next_due_at": "now() + interval '30 days'"}
    values = ", ".join(other.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO scheduling_task ({columns}) SELECT {values} FROM scheduling_task, "
            "generate_series(%s, %s) AS n WHERE id = %s",
            [first, last, task.pk],
        )
        cursor.execute("VACUUM ANALYZE scheduling_task")


def _seconds(task: Task) -> float:
    """The median of so many rounds."""
    times = []
    for number in range(ROUNDS):
        due = timezone.now() - timedelta(seconds=1, microseconds=number)
        Task.objects.filter(pk=task.pk).update(next_due_at=due)
        started = time.perf_counter()
        if dispatch_due() != 1:
            raise RuntimeError("the task was not dispatched")
        times.append(time.perf_counter() - started)
    return round(sorted(times)[ROUNDS // 2], 5)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "dispatch.jsonl"))
