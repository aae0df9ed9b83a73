"""docs/reliability.md out of what the programme has written down."""

from collections import Counter
from collections.abc import Iterable

from tests.bench.caught_up import PENDING, summary
from tests.faults import proxy, signer
from tests.faults.chaos import CHANCE, HAPPENINGS
from tests.faults.elsewhere import ROWS
from tests.faults.lines import Line, code_of, is_wrong, lines_of, newest
from tests.faults.naive import MARKERS
from tests.faults.races import WAYS
from tests.faults.versions import ROOT, pipeline
from wallets.transactions.points import Point

PAGE = ROOT / "docs" / "reliability.md"

_PAGE = """# Reliability, as measured

Written by `make faults`, which plays what has no line yet in `docs/reliability/*.jsonl`: the crash
matrix, random runs (`RUNS=1000` for more), races, and two plain scripts beside them. `FRESH=1`
plays again what was played with another pipeline. Each line says the commit and the pipeline it was
played with, a fingerprint of `wallets/` without its pages (`tests/faults/versions.py`). Now it is
`{pipeline}`.

What was executed is counted by `tests/faults/checker.py`: standard library only, its own JSON-RPC,
every block from the first to the last. It knows an intent by sender, receiver and a value that no
other intent has. `tests/wallets/test_checker.py` plants a duplicate and a loss, which it finds.

## Random runs

Each plays 1 to 18 intents of 1 to 3 wallets against a real chain (anvil), through one or two real
HTTP proxies that fail {chance:.0%} of all requests, while workers are killed with SIGKILL at random
boundaries, blocks are reorganised up to 8 deep, pools dropped, fees raised, the emergency stop
pulled, cancels and speed-ups asked for, and sometimes the key is used elsewhere. Some wallets' keys
are at a remote signer that fails and lies as often.

| pipeline | runs | intents | executed twice | lost | contradictions | chance of a wrong run |
|---|---|---|---|---|---|---|
{runs}

The last column is the upper bound at 95 % confidence for none in so many runs (3/n). A
contradiction is an intent that says it was executed and was not, or the other way round; nonces
with holes or doubles; attempts of one transaction at two nonces; a history that is no way through
the states; or bytes on the chain that were not stored, and their sending noted, before.

`python -m tests.faults --seed N` plays one seed and shows its line. Every seed is played in a
process, a database and on a chain of its own, so nothing depends on what was played before it.

- What a seed reproduces, always: its plan, whose digest is `plan` in the line. How many wallets,
  whose keys are where, how many intents and ways to the chain; for each round what the world does
  (with its depth, its price, and how far down the list the wallet or transaction is that it falls
  on), at which boundary the worker is to die, at how many passes of it, and whether a block
  follows; and for the n-th request of each round through each proxy and to the signer whether it
  fails, and in which of the ways that its methods allow.
- What it does not: the interleaving. How long an answer takes decides which of two endpoints is
  asked first, whether a pause is over and what is still remembered from a moment ago; so how many
  requests a round makes, which request is the n-th, whether the worker comes to its boundary, and
  what fills the list by then can differ between two plays. On an idle machine most seeds come to
  the very same line, with a busy one many do not. Keys are new each time.

What happened in the {shown} runs: {happened}. Attempts: {attempts}. Transactions that a
reorganisation took out of their block: {undone}. Intents that a failing remote signer or a stop
left unsigned for good, with a reason and a filler at their nonce: {given_up}.

Where workers were killed: {killed}.

What proxies and signer did: {faults}.

Of all that may happen, never seen in these runs: {unseen}.

## After a crash

{pending} transactions signed, sent and pending, every worker killed with SIGKILL, all of it mined,
workers started again: seconds from their first heartbeat until all are known to be confirmed
(`python -m tests.bench.caught_up`).

| pipeline | samples | middle | 95th percentile | worst |
|---|---|---|---|---|
{caught_up}

## Races

Real worker processes on the same rows of one PostgreSQL, one wallet with many intents and fifty
with a few. `leases`: workers that keep to the leases. `overlap`: they take each other's leases
away, so that two work on a lane at once. `clusters`: real `manage.py qcluster` processes, jobs
delivered twice, leases ended under their holders.

| way | workers | wallets | intents | twice | lost | contradictions | leases taken | seconds |
|---|---|---|---|---|---|---|---|---|
{races}

`python -m tests.faults --race N` plays one; N is the `seed` of its line. It says who works on what;
who comes first is new each time.

## The emergency stop under full load

Fifty wallets with four intents each that wait, two real clusters of two workers, everything
stopped at a random moment. The attempts that exist are read inside the stop's own database
transaction, while no signature can be under way; those that exist two seconds later and are not
among them were signed after the stop.
What earlier ones left waits as well, with keys of both kinds.
`late answers`: signatures that the remote signer gave after the commit, every one dropped. Two of
the modes spare what only frees a nonce, which is counted apart (`freed`); `signed after` is
all else.

| mode | keys | times | signed | waiting | late answers | freed | signed after | stop waited |
|---|---|---|---|---|---|---|---|---|
{stops}

In all: {stops_in_all}. `python -m tests.faults --only stops` plays what is missing.

## Two scripts as people write them, under the same faults

web3.py, one process, started again after each kill. The loop remembers an intent when it has seen
its receipt; the other also writes down the hash right after sending.

| script | intents | executed twice | never executed |
|---|---|---|---|
{naive}

## Every boundary

`tests/wallets/test_crashes.py` (part of `make test`) kills a worker at each of the named boundaries
of `wallets/transactions/points.py` for originals, bumps, cancels and fillers, as far as they pass
there, lets the next worker go on, and finds each intent executed once. {crashes}

## What goes wrong elsewhere

Defects of other transaction managers, and the tests that keep them out of this one.

| defect | seen in | our tests |
|---|---|---|
{elsewhere}
"""


def write_page() -> None:
    """Write the page anew."""
    runs = newest("runs")
    current = [line for line in runs if code_of(line) == pipeline()]
    shown = current or runs
    PAGE.write_text(
        _PAGE.format(
            pipeline=pipeline(),
            chance=CHANCE,
            runs="\n".join(_run_rows(current)),
            shown=len(shown),
            happened=_counts(line["happened"] for line in shown),
            attempts=_counts(line.get("attempts", {}) for line in shown),
            undone=sum(line.get("undone", 0) for line in shown),
            given_up=sum(line.get("given_up", 0) for line in shown),
            killed=_counts(line.get("killed", {}) for line in shown),
            faults=_counts(line["faults"] for line in shown),
            unseen=", ".join(_unseen(shown)) or "nothing",
            pending=PENDING,
            caught_up=_caught_up_row(),
            races="\n".join(_race_rows()),
            stops="\n".join(_stop_rows()),
            stops_in_all=_stops_in_all(),
            naive="\n".join(_naive_rows()),
            crashes=_crash_sentence(),
            elsewhere="\n".join(row.as_markdown() for row in ROWS),
        )
    )


def bound(runs: int, wrong: int) -> str:
    """The chance below which a run's going wrong lies, with 95 % confidence."""
    if wrong:
        return f"{wrong} went wrong: see the lines"
    return f"below {3 / runs:.2%}" if runs else "nothing known"


def _run_rows(current: list[Line]) -> list[str]:
    """The runs with the pipeline as it is, and all that were ever played."""
    every = lines_of("runs")
    earlier = [line for line in every if code_of(line) != pipeline()]
    rows = [_run_row(f"`{pipeline()}`, now", current)]
    return [*rows, _run_row("earlier ones", earlier)] if earlier else rows


def _unseen(lines: list[Line]) -> list[str]:
    """Faults, acts of the world and boundaries that no run came to."""
    possible = {
        "faults": (*proxy.FAULTS, *signer.FAULTS),
        "happened": HAPPENINGS,
        "killed": tuple(f"{point}" for point in Point),
    }
    seen = {kind: {what for line in lines for what in line.get(kind, {})} for kind in possible}
    return [what for kind, names in possible.items() for what in names if what not in seen[kind]]


def _run_row(name: str, lines: list[Line]) -> str:
    wrong = sum(is_wrong(line) for line in lines)
    cells = [len(lines), _sum(lines, "intents"), *_faulty(lines), bound(len(lines), wrong)]
    return _row([name, *cells])


def _race_rows() -> list[str]:
    lines = sorted(newest("races"), key=lambda one: (WAYS.index(one["way"]), one["seed"]))
    return [
        _row(
            [
                *(line[name] for name in ("way", "workers", "wallets", "intents")),
                *_faulty([line]),
                line["counted"].get("leases_taken_away", 0),
                line["seconds"],
            ]
        )
        for line in lines
    ]


def _stop_rows() -> list[str]:
    lines = newest("stops")
    kinds = sorted({(line["mode"], line["remote"]) for line in lines})
    return [
        _stop_row(mode, [one for one in lines if (one["mode"], one["remote"]) == (mode, remote)])
        for mode, remote in kinds
    ]


def _stop_row(mode: str, lines: list[Line]) -> str:
    keys = "at a late remote signer" if lines[0]["remote"] else "here"
    sums = ("signed", "unsigned_at_stop", "answers_after_stop", "freed_after_stop")
    wrong = sum(len(line["violations"]) for line in lines)
    waited = max(line["stop_waited"] for line in lines)
    counts = [_sum(lines, name) for name in sums]
    return _row([mode.replace("_", "-"), keys, len(lines), *counts, wrong, f"{waited:.2f} s"])


def _stops_in_all() -> str:
    lines = newest("stops")
    wrong = sum(is_wrong(line) for line in lines)
    return f"{len(lines)} repetitions, chance of a wrong one {bound(len(lines), wrong)}"


def _caught_up_row() -> str:
    lines = [line for line in lines_of("caught_up") if line["pending"] == PENDING]
    newest_code = code_of(lines[-1]) if lines else ""
    found = summary([line for line in lines if code_of(line) == newest_code])
    cells = [found.get(name, "–") for name in ("samples", "p50", "p95", "max")]
    return _row([f"`{newest_code}`", *cells])


def _naive_rows() -> list[str]:
    lines = newest("naive")
    intents = len(MARKERS) * len(lines)
    return [
        _row(
            [
                name,
                intents,
                *(sum(one[name][what] for one in lines) for what in ("doubled", "lost")),
            ]
        )
        for name in ("loop", "persisting")
    ]


def _crash_sentence() -> str:
    if not (lines := newest("crashes")):
        return "It has not been run by `make faults` yet."
    line = lines[-1]
    found = "something went wrong, see its line" if is_wrong(line) else "nothing went wrong"
    return (
        f"With pipeline `{line['pipeline']}`: {line['points']} boundaries, {line['pairs']} pairs "
        f"of boundary and kind, {found}."
    )


def _faulty(lines: list[Line]) -> list[int]:
    broken = sum(len(line["violations"]) for line in lines)
    return [_sum(lines, "duplicates"), _sum(lines, "lost"), broken]


def _sum(lines: list[Line], name: str) -> int:
    return sum(line[name] for line in lines)


def _counts(counted: Iterable[dict[str, int]]) -> str:
    total: Counter[str] = Counter()
    for one in counted:
        total.update(one)
    return ", ".join(f"{what} {count}" for what, count in total.most_common()) or "nothing"


def _row(cells: list[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
