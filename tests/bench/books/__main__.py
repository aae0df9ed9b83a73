"""python -m tests.bench.books --transactions 10000

A long mixed run on the devnet with everything that may go wrong, then the books beside the chain.
Each thousand the run comes to rest, is compared, and adds a line to docs/reliability/books.jsonl.
Exit code 1 where a balance differed.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AIRDROPS_LOG_LEVEL", "ERROR")
django.setup()

from analytics.models import LedgerEntry, Unbooked  # noqa: E402
from scheduling.models import Run  # noqa: E402
from tests.bench.books.ground import Books, lay_books, tokens_of  # noqa: E402
from tests.bench.books.openings import open_all  # noqa: E402
from tests.bench.books.play import on_chain, play  # noqa: E402
from tests.bench.books.verdict import differences, final_block, read_chain  # noqa: E402
from tests.faults.lines import append  # noqa: E402
from tests.faults.versions import stamp  # noqa: E402
from tests.market import deploy_market  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.models import Receipt, Transaction  # noqa: E402

KIND = "books"


def main() -> int:
    """All parts; 1 if books and chain were not the same after one."""
    asked = _arguments()
    started, wrong, read = time.monotonic(), 0, 0
    folder: Path = prepare("bench-books")
    with deploy_market(folder, kept_states=asked.transactions + 5000) as market:
        books = lay_books(market, wallets=asked.wallets, seed=asked.seed)
        open_all(books)
        read = final_block(books)
        for wanted in range(asked.part, asked.transactions + 1, asked.part):
            play(books, wanted, kills=not asked.gently, say=_say)
            block = final_block(books)
            read_chain(books, read + 1, block)
            read = block
            line = _line(asked.seed, books, block, round(time.monotonic() - started, 1))
            wrong += len(line["different"])
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
            if not asked.dry:
                append(KIND, line)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.books")
    parser.add_argument("--transactions", type=int, default=10_000)
    parser.add_argument("--part", type=int, default=1_000, help="compared after so many")
    parser.add_argument("--wallets", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gently", action="store_true", help="no worker is killed")
    parser.add_argument("--dry", action="store_true", help="write nothing down")
    return parser.parse_args()


def _line(seed: int, books: Books, block: int, seconds: float) -> dict[str, Any]:
    """What was played so far, and what came of it."""
    states = Counter(Transaction.objects.values_list("state", "outcome"))
    accounts = Counter(LedgerEntry.objects.exclude(status="reversed").values_list("account"))
    return {
        "seed": seed,
        **stamp(),
        "transactions": on_chain(books),
        "blocks": block,
        "cells": len(books.every) * len(tokens_of(books.network)),
        "different": differences(books, block),
        "unbooked": Unbooked.objects.count(),
        "happened": dict(sorted(books.happened.items())),
        "states": {" ".join(key).strip(): count for key, count in sorted(states.items())},
        "runs": dict(sorted(Counter(Run.objects.values_list("state", flat=True)).items())),
        "undone_receipts": Receipt.objects.filter(canonical=False).count(),
        "accounts": {key[0]: count for key, count in sorted(accounts.items())},
        "reversed": LedgerEntry.objects.filter(status="reversed").count(),
        "seconds": seconds,
    }


def _say(sentence: str) -> None:
    sys.stderr.write(f"\r{sentence} ")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
