"""Work that dies at a named boundary, in a process of its own, and the work of the next."""

import os
import signal
import traceback
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from django.db import connection
from django.utils import timezone

from tests.chains import Chain
from tests.faults.invariants import broken_rows
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, Network, NonceLane, Transaction
from wallets.transactions import points
from wallets.transactions.states import IN_FLIGHT
from wallets.transactions.states import TransactionState as S
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

ROUNDS = 8
UNFINISHED = (*IN_FLIGHT, S.QUEUED, S.HELD)


def one_round(network: Network, chain: Chain) -> None:
    """A turn for every lane of the network that is not at rest, a block, a watch pass."""
    awake = NonceLane.objects.filter(network=network).exclude(wake_at=None)
    for lane_id in list(awake.values_list("pk", flat=True)):
        tick(lane_id)
    chain.mine()
    watch(network, NetworkClient(network))


def several_rounds(network: Network, chain: Chain) -> None:
    """Enough for a transaction to become final."""
    for _ in range(5):
        one_round(network, chain)


def dies_at(point: StrEnum | None, kind: str, work: Callable[[], None], *, passes: int = 0) -> str:
    """Do the work in a child that is SIGKILLed at the point; the point's name, empty if it lived.

    At any point if it is None, for any kind of attempt if that is empty; `passes` go by before.
    """
    connection.close()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            points.listen(_killer(point, kind, passes, tell))
            work()
        except Exception:
            # What a process dies of by itself is not what was asked for: say it.
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    with open(told) as reader:
        where = reader.read()
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return where if killed else ""


def _killer(
    point: StrEnum | None, kind: str, passes: int, tell: int
) -> Callable[[StrEnum, str], None]:
    left = passes

    def listener(at: StrEnum, of: str) -> None:
        nonlocal left
        if (point and at != point) or (kind and of not in ("", kind)):
            return
        if not left:
            os.write(tell, str(at).encode())
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    return listener


def time_passes(network: Network) -> None:
    """Leases run out and bytes are old enough to be sent again."""
    long_ago = timezone.now() - timedelta(minutes=5)
    lanes = NonceLane.objects.filter(network=network)
    lanes.exclude(lease_expires_at=None).update(lease_expires_at=long_ago)
    Attempt.objects.filter(lane__network=network, times_sent__gt=0).update(last_sent_at=long_ago)


def drive_to_rest(network: Network, chain: Chain) -> None:
    """What the next worker would do, until nothing is on its way."""
    for _ in range(ROUNDS):
        time_passes(network)
        one_round(network, chain)
        if not Transaction.objects.filter(network=network, state__in=UNFINISHED).exists():
            return


def broken_invariants(network: Network) -> list[str]:
    """Rows that are not at rest, or that contradict their attempts or their history."""
    rows = Transaction.objects.filter(network=network).prefetch_related("attempts")
    found = [f"{row.pk} is {row.state}" for row in rows.filter(state__in=UNFINISHED)]
    return found + broken_rows(rows)
