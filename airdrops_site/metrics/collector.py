"""Put the page together, or say that the database does not answer."""

import platform
from collections.abc import Callable, Iterator

from django.db import Error, connection
from django.utils import timezone
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from airdrops_site.metrics import chains, counters, money, risk, timings, upkeep, wallets, work
from airdrops_site.metrics.families import NO_LABELS, gauge, single
from airdrops_site.metrics.scrape import Scrape
from airdrops_site.version import version

Part = Callable[[Scrape], Iterator[Metric]]
PARTS: tuple[Part, ...] = (
    counters.collect,
    work.collect,
    chains.collect,
    timings.collect,
    wallets.collect,
    risk.collect,
    money.collect,
    upkeep.collect,
)


class DatabaseCollector(Collector):
    """What the rows say now; the number of queries does not depend on the number of rows."""

    def collect(self) -> Iterator[Metric]:
        """All families, or only that the database does not answer."""
        labels = {"version": version(), "python": platform.python_version()}
        labels["database"] = connection.vendor
        yield gauge("build_info", "What is running.", tuple(labels), [(tuple(labels.values()), 1)])
        found: list[Metric] = []
        try:
            scrape = Scrape.at(timezone.now())
            for part in PARTS:
                found += part(scrape)
        except Error:
            # Half of the facts would look like a fall of the others.
            found = []
        text = "Whether the facts could be read."
        yield gauge("database_up", text, NO_LABELS, single(bool(found)))
        yield from found
