"""New final blocks, read for all wallets as they come: deposits, arrivals, pushed airdrops."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from analytics.chain_history.arriving import read_arrivals
from analytics.chain_history.pricing import price_history_rows
from analytics.chain_history.scanning import Wanted, final_block, scan
from analytics.models import ChainScan
from wallets import leases
from wallets.actors import this_worker
from wallets.balances import networks_with_balances, watched_wallets
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Lease, Network

log = structlog.get_logger(__name__)

# So that a worker is soon there for others again; what is left is asked for again at once.
JOB_SECONDS = 2.0
PIECE = 50
LEASE = timedelta(seconds=60)
RETRY = timedelta(seconds=30)
# Prices come a little later than blocks.
PRICED_WITHIN = timedelta(days=2)


def due() -> Iterator[str]:
    """The networks that it is time for, by their rows' numbers."""
    if not settings.HISTORY_SECONDS:
        return
    busy = Lease.objects.filter(name__startswith=_lease(""), expires_at__gt=timezone.now())
    resting = set(busy.values_list("name", flat=True))
    for pk in networks_with_balances().values_list("pk", flat=True):
        if _lease(pk) not in resting:
            yield str(pk)


def read_new_blocks(network_id: str) -> None:
    """Read on, for some seconds, from where each wallet was read to."""
    owner, name = this_worker(), _lease(network_id)
    if not leases.take(name, owner=owner, duration=LEASE):
        return
    pause = RETRY
    try:
        if _read(Network.objects.get(pk=network_id)):
            price_history_rows(since=timezone.now() - PRICED_WITHIN)
            pause = timedelta(seconds=settings.HISTORY_SECONDS)
        else:
            pause = timedelta(0)
    except ChainError as error:
        log.warning("history_not_read", network=network_id, reason=str(error))
    finally:
        leases.release(name, owner=owner, free_from=timezone.now() + pause)


def _read(network: Network) -> bool:
    """Whether all there is was read."""
    client = NetworkClient(network)
    newest = final_block(client)
    final = newest.number
    ahead = ChainScan.objects.filter(network=network, first_block__gt=final + 1)
    wallets = list(watched_wallets().exclude(pk__in=ahead.values("wallet")).order_by("pk"))
    wanted = Wanted(wallets, None, final, piece=PIECE)
    done = scan(wanted, client, final=final, final_at=newest.at, seconds=JOB_SECONDS, waits=False)
    read_arrivals(client, final)
    return done is not None and done.done


def _lease(network_id: int | str) -> str:
    return f"history-live:{network_id}"
