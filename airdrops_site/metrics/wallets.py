"""How many wallets there are, and how many need coins."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import Metric

from airdrops_site.metrics.families import Sample, gauge, labelled, summed
from airdrops_site.metrics.scrape import Scrape
from wallets.minimums import balances_under_minimum
from wallets.models import NonceLane, Wallet


def collect(scrape: Scrape) -> Iterator[Metric]:
    """Zero is said aloud for every network."""
    zeros: list[Sample] = [((network,), 0) for network in scrape.networks]
    lanes = NonceLane.objects.exclude(wallet__status=Wallet.Status.RETIRED).order_by()
    counts = lanes.values_list("network__slug").annotate(count=Count("pk"))
    text = "Wallets that are used on the network, without retired ones."
    yield gauge("wallets", text, ("network",), summed([*zeros, *labelled(counts)]))
    below = balances_under_minimum().order_by().values_list("token__network__slug")
    under = below.annotate(count=Count("wallet", distinct=True))
    text = "Wallets with a balance known to be below its minimum."
    yield gauge("wallets_under_minimum", text, ("network",), summed([*zeros, *labelled(under)]))
