"""Work that dies at a named boundary, in a process of its own, and what the chain then holds."""

import os
import signal
import traceback
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from django.db import connection
from django.utils import timezone

from tests.chains import Chain
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
    """A turn for every lane of the network, a block, a watch pass."""
    for lane_id in NonceLane.objects.filter(network=network).values_list("pk", flat=True):
        tick(lane_id)
    chain.mine()
    watch(network, NetworkClient(network))


def several_rounds(network: Network, chain: Chain) -> None:
    """Enough for a transaction to become final."""
    for _ in range(5):
        one_round(network, chain)


def dies_at(point: StrEnum, kind: str, work: Callable[[], None]) -> bool:
    """Do the work in a child that is SIGKILLed at the point; False if it never came there."""
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            points.listen(lambda at, of: _die() if at == point and of in ("", kind) else None)
            work()
        except Exception:
            # What a process dies of by itself is not what was asked for: say it.
            traceback.print_exc()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


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


def executed(chain: Chain, sender: str) -> list[tuple[str, int, int]]:
    """(to, value, nonce) of everything the chain holds from the sender, by plain JSON-RPC."""
    head = int(chain.rpc.call("eth_blockNumber"), 16)
    blocks = [
        chain.rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(head + 1)
    ]
    return [
        (found["to"], int(found["value"], 16), int(found["nonce"], 16))
        for block in blocks
        for found in block["transactions"]
        if found["from"].lower() == sender.lower()
    ]


def broken_invariants(network: Network) -> list[str]:
    """What must never be, in words; nothing for sound rows."""
    rows = Transaction.objects.filter(network=network)
    found = [f"{row.pk} is {row.state}" for row in rows.filter(state__in=UNFINISHED)]
    for row in rows.exclude(nonce=None).prefetch_related("attempts"):
        if {attempt.nonce for attempt in row.attempts.all()} != {row.nonce}:
            found += [f"{row.pk} has attempts at other nonces"]
    for lane in NonceLane.objects.filter(network=network):
        held = lane.transactions.exclude(nonce=None).exclude(state=S.VOIDED)
        nonces = list(held.order_by("nonce").values_list("nonce", flat=True))
        if nonces != list(range(len(nonces))):
            found.append(f"{lane} has nonces {nonces}")
    return found
