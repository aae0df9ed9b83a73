"""What counting adds to the last step of a transaction: `python -m tests.bench.tallies [ROUNDS]`.

Moves confirmed transactions to final as the watch does, and times the counting within; on the
database of AIRDROPS_TEST_DATABASE's scratch.
"""

import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests import factories  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from tests.transactions import make_receipt, make_transaction  # noqa: E402
from wallets import tallies  # noqa: E402
from wallets.models import TallyDelta, Transaction  # noqa: E402
from wallets.transactions.counting import count_ended  # noqa: E402
from wallets.transactions.machine import move_transactions  # noqa: E402

TOGETHER = 10


def main(rounds: int) -> None:
    """Seconds a transaction: ending it (with its counting), counting alone, folding."""
    prepare("bench-tallies")
    network, wallet = factories.NetworkFactory.create(), factories.WalletFactory.create()
    groups = [[_confirmed(wallet, network) for _ in range(TOGETHER)] for _ in range(rounds)]
    ended = _timed(lambda rows: move_transactions(rows, "final", actor="bench"), groups)
    counted = _timed(count_ended, groups)
    rows = TallyDelta.objects.count()
    begun = time.perf_counter()
    while tallies.fold():
        pass
    folded = (time.perf_counter() - begun) / max(rows, 1)
    each = rounds * TOGETHER
    figures = {"end": ended / each, "count": counted / each, "fold_a_row": folded}
    print(json.dumps({k: round(1000 * v, 4) for k, v in figures.items()}))  # noqa: T201


def _confirmed(wallet: object, network: object) -> Transaction:
    row = make_transaction(wallet, network, "confirmed")  # type: ignore[arg-type]
    make_receipt(row, at=timezone.now())
    return row


def _timed(work: object, groups: list[list[Transaction]]) -> float:
    begun = time.perf_counter()
    for rows in groups:
        with transaction.atomic():
            work(rows)  # type: ignore[operator]
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
