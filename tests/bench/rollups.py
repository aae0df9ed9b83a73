"""Ninety days of readings: adding them up, measuring them, comparing, and cleaning.

`python -m tests.bench.rollups`; AIRDROPS_TEST_DATABASE=sqlite for the other database.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from analytics.models import EquityPoint, LedgerEntry, Rollup  # noqa: E402
from analytics.portfolio import measures  # noqa: E402
from analytics.rollups.cleaning import clean  # noqa: E402
from analytics.rollups.running import roll_up  # noqa: E402
from analytics.rollups.verifying import verify  # noqa: E402
from tests import factories  # noqa: E402
from tests.scratch import migrate  # noqa: E402
from wallets.models import PricePoint, Token  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = int(os.environ.get("BENCH_ROLLUP_DAYS", "90"))
TOKENS = int(os.environ.get("BENCH_ROLLUP_TOKENS", "10"))
ENTRIES = int(os.environ.get("BENCH_ROLLUP_ENTRIES", "100000"))
END = START + timedelta(days=DAYS)
CHANCE = Random(3)


def main() -> None:
    """Print the numbers."""
    migrate()
    tokens = _prices()
    _points()
    _entries(tokens)
    after = END + timedelta(hours=1)
    told: dict[str, object] = {
        "points": EquityPoint.objects.count(),
        "prices": PricePoint.objects.count(),
        "entries": LedgerEntry.objects.count(),
        "roll_up_seconds": _seconds(lambda: roll_up(now=after)),
        "again_seconds": _seconds(lambda: roll_up(now=after)),
        "rollups": Rollup.objects.count(),
        "measures_seconds": _seconds(lambda: measures(start=START, end=END)),
        "verify_seconds": _seconds(lambda: list(verify())),
        "differences": len(list(verify())),
        "clean_seconds": _seconds(lambda: clean(now=after, keep_days=30)),
        "prices_left": PricePoint.objects.count(),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    sys.stderr.write(f"{time.monotonic() - began:.1f} s …\n")
    return round(time.monotonic() - began, 2)


def _prices() -> list[Token]:
    network = factories.NetworkFactory.create()
    made = [
        factories.TokenFactory.create(network=network, symbol=f"T{n}" if n else "ETH")
        for n in range(TOKENS)
    ]
    for token in made:
        PricePoint.objects.bulk_create(
            (
                PricePoint(
                    token=token,
                    source="chainlink",
                    amount=CHANCE.randrange(10**8, 2 * 10**8),
                    decimals=8,
                    at=START + number * timedelta(minutes=5),
                )
                for number in range(DAYS * 288)
            ),
            batch_size=5_000,
        )
    return made


def _points() -> None:
    EquityPoint.objects.bulk_create(
        (
            EquityPoint(
                at=START + number * timedelta(minutes=2),
                cents=10**7 + CHANCE.randrange(10**6),
                loss_cents=0,
                parts={"places": {"": 10**7}},
            )
            for number in range(DAYS * 720)
        ),
        batch_size=5_000,
    )


def _entries(tokens: list[Token]) -> None:
    """Told by a person: a receipt each would take longer to make than all that is measured."""
    wallet = factories.WalletFactory.create()
    LedgerEntry.objects.bulk_create(
        (
            LedgerEntry(
                wallet=wallet,
                token=CHANCE.choice(tokens),
                kind=CHANCE.choice(("in", "out")),
                amount=CHANCE.randrange(10**20),
                account=CHANCE.choice(("trade", "protocol", "outside")),
                reason="a benchmark",
                booked_by="a benchmark",
                ordinal=1,
                status="final",
                occurred_at=START + timedelta(seconds=CHANCE.randrange(DAYS * 86_400)),
            )
            for _ in range(ENTRIES)
        ),
        batch_size=5_000,
    )


if __name__ == "__main__":
    main()
