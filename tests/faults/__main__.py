"""`make faults`: everything that has no line yet, then the page; or one seed alone.

python -m tests.faults --runs 300 --jobs 2    go on with what is missing, write the page
python -m tests.faults --fresh                play again what other code was played with
python -m tests.faults --seed 17              one random run; its line is only shown
python -m tests.faults --race 5               one race; its line is only shown
python -m tests.faults --only page            write the page
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AIRDROPS_LOG_LEVEL", "ERROR")
django.setup()

from tests.faults import report  # noqa: E402
from tests.faults.jobs import play, play_side_by_side  # noqa: E402
from tests.faults.lines import KINDS, append, is_wrong, missing, newest  # noqa: E402
from tests.faults.matrix import crash_matrix  # noqa: E402
from tests.faults.races import all_races, play_races  # noqa: E402
from tests.faults.stops import REPETITIONS, play_stops  # noqa: E402

NAIVE_RUNS = 29


def main() -> int:
    """What was asked for; 1 if anything went wrong in it."""
    asked = _arguments()
    if asked.seed:
        return _show(play("runs", asked.seed))
    if asked.race:
        return _show(play_races([asked.race]))
    for kind in asked.only or KINDS:
        _go_on(kind, asked)
    report.write_page()
    wrong = [f"{kind} {line['seed']}" for kind in KINDS for line in newest(kind) if is_wrong(line)]
    sys.stderr.write(f"{report.PAGE} is written; wrong: {', '.join(wrong) or 'nothing'}\n")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="The faults.")
    parser.add_argument("--runs", type=int, default=300, help="random runs in all")
    parser.add_argument("--jobs", type=int, default=2, help="random runs at a time")
    parser.add_argument("--fresh", action="store_true", help="again what other code was played")
    parser.add_argument(
        "--seed", type=int, action="append", help="a random run; its line is only shown"
    )
    parser.add_argument("--race", type=int, help="one race; its line is only shown")
    parser.add_argument("--only", action="append", choices=[*KINDS, "page"], help="only these")
    return parser.parse_args()


def _show(lines: Iterable[dict[str, Any]]) -> int:
    wrong = False
    for line in lines:
        sys.stdout.write(json.dumps(line, indent=2) + "\n")
        wrong |= is_wrong(line)
    return int(wrong)


def _go_on(kind: str, asked: argparse.Namespace) -> None:
    """What is missing of a kind."""
    numbers = {
        "crashes": 1,
        "runs": asked.runs,
        "races": len(all_races()),
        "stops": REPETITIONS,
        "naive": NAIVE_RUNS,
    }
    # The plain scripts are the same whatever our code is.
    fresh = asked.fresh and kind != "naive"
    seeds = missing(kind, list(range(1, numbers.get(kind, 0) + 1)), fresh=fresh)
    match kind:
        case "crashes" if seeds:
            append(kind, crash_matrix(asked.jobs))
        case "runs" | "naive" if seeds:
            play_side_by_side(kind, seeds, asked.jobs)
        case "races":
            _note(kind, play_races(seeds), len(seeds))
        case "stops":
            _note(kind, play_stops(seeds), len(seeds))


def _note(kind: str, lines: Iterable[dict[str, Any]], count: int) -> None:
    """Write each line down as soon as it is there."""
    for number, line in enumerate(lines, 1):
        append(kind, line)
        sys.stderr.write(f"\r{kind}: {number} of {count} ")
    sys.stderr.write("\n" if count else "")


if __name__ == "__main__":
    raise SystemExit(main())
