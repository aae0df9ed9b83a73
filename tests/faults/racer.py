"""A worker process of a race: turns for every lane and watch passes, over and over, until told.

    python -m tests.faults.racer LABEL [--overlap]

works for the wallets whose label begins with LABEL. It says `ready`, waits for a line on its
standard input, works until SIGTERM, and tells as JSON what its log counted.
"""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import django

django.setup()

import structlog  # noqa: E402
from django.db import DatabaseError, connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from wallets.chain.client import ChainError, NetworkClient  # noqa: E402
from wallets.leases import LANE_LEASE  # noqa: E402
from wallets.models import Network, NonceLane  # noqa: E402
from wallets.signers.loading import become_signing_process  # noqa: E402
from wallets.transactions.tick import tick  # noqa: E402
from wallets.transactions.watch import watch  # noqa: E402

WATCH_EVERY = 0.5
# A turn takes some tenths of a second when many work.
TAKEN_AFTER = (0.0, 0.2)
counted: Counter[str] = Counter()
_over: list[int] = []


def main(label: str, *options: str) -> None:
    """Race until SIGTERM."""
    become_signing_process()
    structlog.configure(processors=[_count])
    signal.signal(signal.SIGTERM, lambda number, _frame: _over.append(number))
    lanes = NonceLane.objects.filter(wallet__label__startswith=label).order_by("pk")
    lane_ids = list(lanes.values_list("pk", flat=True))
    network = Network.objects.get(pk=lanes[0].network_id)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    watched_at = 0.0
    while not _over:
        # All in the same order, so that they meet.
        for lane_id in lane_ids:
            if not _over:
                _turn(lane_id, overlap="--overlap" in options)
        if time.monotonic() - watched_at > WATCH_EVERY:
            watched_at = time.monotonic()
            _guarded(lambda: _watch(network))
    sys.stdout.write(json.dumps(counted) + "\n")


def _turn(lane_id: int, *, overlap: bool) -> None:
    if overlap:
        counted["leases_taken_away"] += _take_away(
            NonceLane.objects.select_related("wallet").get(pk=lane_id)
        )
    counted["turns"] += 1
    _guarded(lambda: tick(lane_id))
    # Who finds the lane taken does not burn the processor that its holder needs.
    time.sleep(0.01)


def _watch(network: Network) -> None:
    with suppress(ChainError):
        counted["watch_moves"] += watch(network, NetworkClient(network))


def _guarded(work: Callable[[], None]) -> None:
    """As a worker's runner does: what the database refuses is noted, and the next job is begun."""
    try:
        work()
    except DatabaseError as error:
        counted[f"refused_by_the_database:{type(error).__name__}"] += 1
        sys.stderr.write(f"{error}\n")
        connection.close()


def _take_away(lane: NonceLane) -> int:
    """End every other lease as if its time were over, a moment of its own after it began."""
    if lane.lease_epoch % 2:
        return 0  # else nothing would ever be done
    moment = Random(f"{lane.wallet.label}:{lane.lease_epoch}").uniform(*TAKEN_AFTER)
    ends = timezone.now() + LANE_LEASE - timedelta(seconds=moment)
    same = NonceLane.objects.filter(pk=lane.pk, lease_epoch=lane.lease_epoch)
    return same.filter(lease_expires_at__lt=ends).update(lease_expires_at=timezone.now())


def _count(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    counted[event["event"]] += 1
    raise structlog.DropEvent


if __name__ == "__main__":
    main(*sys.argv[1:])
