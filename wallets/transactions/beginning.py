"""Whether somebody has used a lane's key since its first intent was asked for."""

from datetime import datetime, timedelta

from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError
from wallets.models import NonceLane
from wallets.transactions.market import usable
from wallets.transactions.states import TransactionState as S

# Clocks of chains and hosts differ; what was used right before is no reason to stop.
CLOCKS_DIFFER = timedelta(minutes=1)


def used_since_asked(lane: NonceLane, *, mined: int, head: int, client: NetworkClient) -> str:
    """Why the lane's first turn may come too late, or empty.

    A copy of this database, restored elsewhere, has the same intents and no lane to find them by:
    what was mined since they were asked for may be just what they ask for.
    """
    waiting = lane.transactions.filter(state__in=(S.QUEUED, S.HELD)).order_by("created_at")
    since = waiting.values_list("created_at", flat=True).first()
    if since is None or not mined:
        return ""
    number = _newest_until(client, since + CLOCKS_DIFFER, head)
    if number == head:
        return ""
    question = ("eth_getTransactionCount", [lane.wallet.address, hex(number)])
    try:
        before = hex_int(usable(client.read_many([question])[0]))
    except ChainError as error:
        return (
            "its first turn comes late, and no node tells whether its key was used since it was "
            f"asked for anything ({error}): resume it if it was not"
        )
    if before == mined:
        return ""
    return (
        f"its key was used elsewhere for {mined - before} transactions since its first intent was "
        "asked for: see that none of them did it, then resume it"
    )


def _newest_until(client: NetworkClient, moment: datetime, head: int) -> int:
    """The newest block not made after the moment: near the head as a rule, so from there."""
    step, high = 1, head
    if client.block(head).at <= moment:
        return head
    low = max(0, head - step)
    while low and client.block(low).at > moment:
        step, high = step * 2, low
        low = max(0, low - step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if client.block(middle).at <= moment else (low, middle)
    return low
