"""docs/reliability.md out of what the programme has written down."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reliability"
RUNS, NAIVE = FOLDER / "runs.jsonl", FOLDER / "naive.jsonl"
PAGE = FOLDER.parent / "reliability.md"

_PAGE = """# Reliability, as measured

`make faults RUNS={runs}` adds the seeds that are missing to `docs/reliability/runs.jsonl` and
writes this page. A seed can be played alone; its line says at which commit it was.

## Random runs

Each run plays 1 to 12 intents of 1 to 3 wallets against a real chain (anvil) through a real HTTP
proxy that fails {chance:.0%} of all requests, while workers are killed with SIGKILL at random named
boundaries, blocks are reorganised up to 8 deep, pools dropped, fees raised, cancels and speed-ups
asked for, and sometimes the key is used elsewhere. What was executed is counted on the chain by
plain JSON-RPC, by a value that only one intent has.

| runs | intents | executed twice | lost | contradictions |
|---|---|---|---|---|
| {runs} | {intents} | {duplicates} | {lost} | {violations} |

{bound} They were played at these commits: {commits}.

What happened in them: {happened}.

What the proxy did: {faults}.

## Two scripts as people write them, under the same faults

web3.py, one process, started again after each kill. The loop remembers an intent when it has seen
its receipt; the other also writes down the hash right after sending.

| script | intents | executed twice | never executed |
|---|---|---|---|
{naive}

## Every boundary

`tests/wallets/test_crashes.py` (part of `make test`) kills a worker at each of the {points} named
boundaries of `wallets/transactions/points.py` for originals, bumps, cancels and fillers, as far as
they pass there ({pairs} pairs), lets the next worker go on, and finds each intent executed once.
"""


def write_page(*, points: int, pairs: int, chance: float, intents_each: int) -> None:
    """Write the page anew."""
    lines = lines_of(RUNS)
    wrong = sum(is_wrong(line) for line in lines)
    bound = "See the lines for what went wrong."
    if lines and not wrong:
        bound = (
            f"Nothing in {len(lines)} runs: the chance that a run goes wrong is below "
            f"{3 / len(lines):.2%} with 95 % confidence."
        )
    PAGE.write_text(
        _PAGE.format(
            runs=len(lines),
            intents=_sum(lines, "intents"),
            duplicates=_sum(lines, "duplicates"),
            lost=_sum(lines, "lost"),
            violations=sum(len(line["violations"]) for line in lines),
            bound=bound,
            commits=_commits(lines),
            happened=_counts(lines, "happened"),
            faults=_counts(lines, "faults"),
            naive="\n".join(_naive_rows(intents_each)),
            points=points,
            pairs=pairs,
            chance=chance,
        )
    )


def lines_of(file: Path) -> list[dict[str, Any]]:
    """What was written down before."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def append(file: Path, line: dict[str, Any]) -> None:
    """Write one result down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(json.dumps(line) + "\n")


def is_wrong(line: dict[str, Any]) -> bool:
    """Whether a run broke a promise."""
    return bool(line["duplicates"] or line["lost"] or line["violations"])


def _commits(lines: list[dict[str, Any]]) -> str:
    """How many runs were played at which commit, the most first."""
    counted = Counter(line["commit"] for line in lines)
    return ", ".join(f"{commit} ({count})" for commit, count in counted.most_common())


def _sum(lines: list[dict[str, Any]], name: str) -> int:
    return sum(line[name] for line in lines)


def _counts(lines: list[dict[str, Any]], name: str) -> str:
    total: Counter[str] = Counter()
    for line in lines:
        total.update(line[name])
    return ", ".join(f"{what} {count}" for what, count in total.most_common())


def _naive_rows(intents_each: int) -> list[str]:
    lines = lines_of(NAIVE)
    return [
        f"| {name} | {intents_each * len(lines)} | "
        f"{sum(line[name]['doubled'] for line in lines)} | "
        f"{sum(line[name]['lost'] for line in lines)} |"
        for name in ("loop", "persisting")
    ]
