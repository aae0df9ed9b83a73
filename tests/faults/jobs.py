"""Seeds side by side in a few jobs; each in a process, a database and on a chain of its own.

`python -m tests.faults.jobs KIND SEED ...` is one job: it writes a line for each seed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AIRDROPS_LOG_LEVEL", "ERROR")
django.setup()

from tests.faults.alone import Pattern  # noqa: E402
from tests.faults.ground import ground  # noqa: E402
from tests.faults.lines import append, lines_of  # noqa: E402
from tests.faults.seeds import one_naive, one_run  # noqa: E402
from tests.faults.versions import ROOT  # noqa: E402
from tests.scratch import make_folder  # noqa: E402

LOOK_EVERY = 2.0


def play(kind: str, seeds: list[int]) -> Iterator[dict[str, Any]]:
    """The lines of the seeds, each played as if it were the only one."""
    folder, pattern = make_folder("faults"), Pattern()
    for seed in seeds:
        yield pattern.alone(partial(_line, kind, seed, folder))


def _line(kind: str, seed: int, folder: Path) -> dict[str, Any]:
    with ground(folder) as found:
        return one_run(seed, found) if kind == "runs" else one_naive(seed, found, folder)


def play_side_by_side(kind: str, seeds: list[int], jobs: int) -> None:
    """All seeds, in so many processes at once."""
    before, shares = len(lines_of(kind)), [seeds[first::jobs] for first in range(jobs)]
    with ExitStack() as stack:
        running = [stack.enter_context(_job(kind, share)) for share in shares if share]
        while any(job.poll() is None for job in running):
            time.sleep(LOOK_EVERY)
            _say(f"\r{kind}: {len(lines_of(kind)) - before} of {len(seeds)} ")
    _say("\n")
    if any(job.returncode for job in running):
        raise SystemExit(f"a job of {kind} failed; what it had played is kept, start again")


def _job(kind: str, seeds: list[int]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.faults.jobs", kind, *map(str, seeds)]
    return subprocess.Popen(command, cwd=ROOT)


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    for line in play(sys.argv[1], [int(seed) for seed in sys.argv[2:]]):
        append(sys.argv[1], line)
