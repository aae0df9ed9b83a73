"""What cannot be undone any more about an account."""

import structlog

from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError
from wallets.models import Network, NonceLane
from wallets.transactions.market import usable

log = structlog.get_logger(__name__)


def final_count(lane: NonceLane, *, head: int, client: NetworkClient) -> int:
    """How many of the account's transactions are beyond any reorganisation.

    As two nodes agree, wherever two are enabled. 0 while nobody can say: then nothing of it is
    known to be final.
    """
    tag = "finalized"
    if lane.network.final_rule == Network.FinalRule.DEPTH:
        tag = hex(max(0, head - lane.network.final_depth + 1))
    try:
        request = ("eth_getTransactionCount", [lane.wallet.address, tag])
        return hex_int(usable(client.agree([request], strict=True)[0]))
    except ChainError as error:
        log.info("final_count_unknown", lane=lane.pk, reason=str(error))
        return 0
