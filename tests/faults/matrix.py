"""The crash matrix, as `make test` runs it, with its result written down."""

import subprocess
import sys
import time
from typing import Any

from tests.faults.versions import ROOT, stamp
from tests.wallets.test_crashes import IMPOSSIBLE
from wallets.transactions.points import Point

TEST = "tests/wallets/test_crashes.py"


def pairs() -> int:
    """Boundaries at which a kind of attempt can die, with a key that is here or elsewhere."""
    return sum(len(set(Point) - impossible) for impossible in IMPOSSIBLE.values())


def crash_matrix(jobs: int) -> dict[str, Any]:
    """The matrix's line."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(jobs), TEST]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "seed": 1,
        **stamp(),
        "points": len(Point),
        "pairs": pairs(),
        "kinds": list(IMPOSSIBLE),
        "violations": done.stdout.splitlines()[-20:] if done.returncode else [],
        "seconds": round(time.monotonic() - started, 1),
    }
