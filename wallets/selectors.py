"""What the roof and the console ask about transactions and lanes."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from wallets.models import Network, Transaction
from wallets.transactions.states import PENDING

# A fair offer is mined within a few blocks; 25 are five minutes on Ethereum.
STUCK_BLOCKS = 25
# Fast chains hiccup as long as slow ones, and bytes are sent again every 30 s: see that fail twice.
STUCK_LEAST = timedelta(minutes=2)


def pending_transactions() -> QuerySet[Transaction]:
    """Those that hold a nonce and are in no block."""
    return Transaction.objects.filter(state__in=PENDING)


def stuck_transactions(now: datetime | None = None) -> QuerySet[Transaction]:
    """Those whose nonce was taken so long ago that they should be in a block."""
    moment = now or timezone.now()
    overdue = Q(pk__in=())
    for network in Network.objects.all():
        overdue |= Q(network=network, state_changed_at__lt=moment - stuck_after(network))
    return Transaction.objects.filter(overdue, state__in=PENDING).order_by()


def stuck_after(network: Network) -> timedelta:
    """How long a transaction of the network may wait for its block."""
    return max(STUCK_LEAST, timedelta(seconds=STUCK_BLOCKS * network.block_seconds))
