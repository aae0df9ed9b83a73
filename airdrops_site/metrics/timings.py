"""How long exchanges with endpoints took, as a histogram."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import HistogramMetricFamily, Metric

from airdrops_site.metrics.scrape import Scrape
from wallets.chain.timings import BUCKETS, MICROSECONDS, NAMES, SECONDS

Place = tuple[str, str]


def collect(scrape: Scrape) -> Iterator[Metric]:
    """Of every endpoint that was ever asked."""
    text = "Exchanges with an endpoint, answered or not, by how long they took."
    family = HistogramMetricFamily(
        "airdrops_rpc_request_duration_seconds", text, labels=("network", "endpoint")
    )
    seconds: dict[Place, int] = {}
    for labels, value in scrape.counted(SECONDS):
        seconds[labels["network"], labels["endpoint"]] = value
    buckets: dict[Place, Counter[str]] = {}
    for labels, value in scrape.counted(BUCKETS):
        place = labels["network"], labels["endpoint"]
        buckets.setdefault(place, Counter())[labels["le"]] += value
    for place, counts in buckets.items():
        family.add_metric(place, _cumulative(counts), seconds.get(place, 0) / MICROSECONDS)
    yield family


def _cumulative(counts: Counter[str]) -> list[tuple[str, float]]:
    total, found = 0, []
    for name in NAMES:
        total += counts[name]
        found.append((name, float(total)))
    return found
