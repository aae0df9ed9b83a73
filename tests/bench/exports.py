"""A ledger of a million entries: the memory and the time of each export, and of the cost basis.

`python -m tests.bench.exports [entries [name …]]`; each measurement is a process of its own:
`at_rest_mb` is its memory with Django loaded and nothing done, `more_mb` what was needed beyond.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402

from analytics.basis.refreshing import advance  # noqa: E402
from analytics.exports.formats import FORMATS, write_file  # noqa: E402
from analytics.exports.wanted import Wanted  # noqa: E402

ENTRIES = 1_000_000
BASIS = ("fifo", "average")
ONE = "one"
_FILL = """
INSERT INTO analytics_ledgerentry
    (wallet_id, token_id, kind, amount, account, counterparty, protocol, reason, booked_by,
     ordinal, status, occurred_at, booked_at)
SELECT (%(wallets)s::bigint[])[1 + n %% 100], (%(tokens)s::bigint[])[1 + n %% 5],
    (ARRAY['in', 'fee', 'in', 'out'])[1 + n %% 4], 1000000 + n %% 977,
    (ARRAY['outside', 'fee', 'airdrop', 'outside'])[1 + n %% 4], '', '', 'bench', 'bench',
    0, 'final', timestamptz '2025-01-01' + n * interval '30 seconds', now()
FROM generate_series(1, %(entries)s) AS n
"""
_PRICES = """
INSERT INTO wallets_pricepoint (token_id, source, amount, decimals, at)
SELECT token, 'http', 100000 + hour %% 991, 2, timestamptz '2025-01-01' + hour * interval '1 hour'
FROM unnest(%(tokens)s::bigint[]) AS token, generate_series(0, 8760) AS hour
"""


def main() -> None:
    """Fill, then measure each in a process of its own."""
    if sys.argv[1:2] == [ONE]:
        print(json.dumps(_measured(sys.argv[2], Path(sys.argv[3]))))  # noqa: T201
        return
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    _fill(entries)
    names = sys.argv[2:] or [*FORMATS, *BASIS]
    found: dict[str, object] = {"entries": entries}
    with TemporaryDirectory() as folder:
        for name in ("nothing", *names):
            sys.stderr.write(f"{name} …\n")
            command = [sys.executable, "-m", "tests.bench.exports", ONE, name, folder]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[name] = json.loads(done.stdout)
    print(json.dumps(found, indent=2))  # noqa: T201


def _fill(entries: int) -> None:
    # Only here: a process that is measured should be no larger than the command.
    from tests.factories import NativeCoinFactory, NetworkFactory, TokenFactory, WalletFactory
    from tests.scratch import migrate

    migrate()
    network = NetworkFactory.create()
    tokens = [NativeCoinFactory.create(network=network).pk]
    tokens += [TokenFactory.create(network=network).pk for _ in range(4)]
    wallets = [WalletFactory.create().pk for _ in range(100)]
    values: dict[str, Any] = {"wallets": wallets, "tokens": tokens, "entries": entries}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_FILL, values)
        cursor.execute(_PRICES, values)
        cursor.execute("ANALYZE")


def _measured(name: str, folder: Path) -> dict[str, float]:
    at_rest, began, size = _memory_mb("VmRSS"), time.monotonic(), 0
    if name in FORMATS:
        size = write_file(name, Wanted(), folder / name)
    elif name in ("fifo", "average"):
        while not advance("fifo" if name == "fifo" else "average", seconds=15):
            pass
    return {
        "seconds": round(time.monotonic() - began, 1),
        "at_rest_mb": at_rest,
        "peak_mb": (peak := _memory_mb("VmHWM")),
        "more_mb": round(peak - at_rest, 1),
        "file_mb": round(size / 2**20, 1),
    }


def _memory_mb(name: str) -> float:
    """Of this program alone: what getrusage says counts its parent too, from before the exec."""
    status = Path("/proc/self/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith(name))
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
