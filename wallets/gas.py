"""What gas usually costs on a network: an hourly history of our own, and what is known now."""

from datetime import datetime, timedelta
from statistics import median_low

from django.db.models import QuerySet
from django.utils import timezone

from wallets.chain.client import NetworkClient
from wallets.chain.fees import read_fees
from wallets.models import GasReading, Network, NonceLane, Transaction
from wallets.transactions.market import market_request, usable

# What is usual is of so long; older hours stay until `rollups clean`.
USUAL_OVER = timedelta(days=7)


def read_gas(network: Network, client: NetworkClient) -> GasReading:
    """Ask what the next block is likely to take, and keep it as this hour's."""
    (answer,) = client.read_many([market_request(network)])
    asked = read_fees(network, usable(answer), urgency=Transaction.Urgency.NORMAL, ceiling=None)
    now = timezone.now()
    row, _ = GasReading.objects.update_or_create(
        network=network, hour=hour_of(now), defaults={"price": asked.market, "at": now}
    )
    return row


def hour_of(moment: datetime) -> datetime:
    """When its hour began."""
    return moment.replace(minute=0, second=0, microsecond=0)


def networks_with_gas() -> QuerySet[Network]:
    """The enabled networks on which we act."""
    lanes = NonceLane.objects.order_by().values("network")
    return Network.objects.filter(enabled=True, pk__in=lanes)


def usual_price(readings: list[GasReading]) -> int:
    """The median of the hours' prices, in wei per gas; of two in the middle the lower."""
    return median_low([one.price for one in readings])
