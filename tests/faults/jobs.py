"""Seeds side by side: each job has a process, a database and a chain of its own.

`python -m tests.faults.jobs KIND SEED ...` is one job: it writes a line for each seed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AIRDROPS_LOG_LEVEL", "ERROR")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tests.faults.ground import ground  # noqa: E402
from tests.faults.lines import append, lines_of  # noqa: E402
from tests.faults.seeds import one_naive, one_run  # noqa: E402
from tests.faults.versions import ROOT  # noqa: E402
from tests.scratch import prepare  # noqa: E402

LOOK_EVERY = 2.0


def play(kind: str, seeds: list[int]) -> Iterator[dict[str, Any]]:
    """The lines of the seeds, played in this process."""
    folder = prepare("faults")
    with ground(folder) as found:
        for seed in seeds:
            yield one_run(seed, found) if kind == "runs" else one_naive(seed, found, folder)


def play_side_by_side(kind: str, seeds: list[int], jobs: int) -> None:
    """All seeds, in so many processes at once."""
    before, shares = len(lines_of(kind)), [seeds[first::jobs] for first in range(jobs)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(_job(kind, share, number))
            for number, share in enumerate(shares)
            if share
        ]
        while any(job.poll() is None for job in running):
            time.sleep(LOOK_EVERY)
            _say(f"\r{kind}: {len(lines_of(kind)) - before} of {len(seeds)} ")
    _say("\n")
    if any(job.returncode for job in running):
        raise SystemExit(f"a job of {kind} failed; what it had played is kept, start again")


def _job(kind: str, seeds: list[int], number: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.faults.jobs", kind, *map(str, seeds)]
    environment = {**os.environ, "TEST_DATABASE_URL": _new_database(f"job_{kind}_{number}")}
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _new_database(name: str) -> str:
    """The URL of an empty database on the server of this run."""
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    ours = settings.DATABASES["default"]["NAME"]
    return os.environ["TEST_DATABASE_URL"].replace(f"/{ours}?", f"/{name}?", 1)


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    for line in play(sys.argv[1], [int(seed) for seed in sys.argv[2:]]):
        append(sys.argv[1], line)
