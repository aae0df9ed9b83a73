"""Seeded runs, each a line of its own."""

import time
from pathlib import Path
from typing import Any

from tests.faults import naive
from tests.faults.chaos import make_run, plan_of, play
from tests.faults.ground import FINAL_DEPTH, Ground
from tests.faults.verdict import attempts_of, given_up, undone, verdict
from tests.faults.versions import commit, stamp


def one_run(seed: int, ground: Ground) -> dict[str, Any]:
    """What one seed came to."""
    started = time.monotonic()
    run = make_run(seed, ground)
    # No reorganisation takes the wallets' money away.
    ground.chain.mine(FINAL_DEPTH)
    play(run)
    found = verdict(run)
    return {
        "seed": seed,
        **stamp(),
        "plan": plan_of(run),
        "intents": run.rows.filter(to=run.receiver).count(),
        "happened": dict(sorted(run.happened.items())),
        "killed": dict(sorted(run.killed.items())),
        "faults": dict(sorted(ground.injected.items())),
        "attempts": attempts_of(run),
        "undone": undone(run),
        "given_up": given_up(run),
        "seconds": round(time.monotonic() - started, 1),
        **found,
    }


def one_naive(seed: int, ground: Ground, folder: Path) -> dict[str, Any]:
    """What one seed came to for the plain scripts."""
    ground.seed(seed)
    found = naive.naive_run(seed, ground, folder)
    return {"seed": seed, "commit": commit(), **found}
