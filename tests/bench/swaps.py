"""Swaps in 1,000 generated states of pools: `python -m tests.bench.swaps`."""

import os
import subprocess
import sys
from pathlib import Path

STATES = "1000"
TEST = Path(__file__).parents[1] / "protocols" / "evm" / "test_pool_states.py"


def main() -> int:
    """The suite's own test, with more states; prints what became of them."""
    wanted = {**os.environ, "SWAP_STATES": os.environ.get("SWAP_STATES", STATES)}
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:xdist", str(TEST)]
    return subprocess.run(command, env=wanted, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
