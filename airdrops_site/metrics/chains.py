"""The networks: their endpoints, their gas, and what their blocks say of our clock."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db.models import OuterRef, Subquery
from prometheus_client.core import Metric

from airdrops_site.metrics.families import Sample, gauge
from airdrops_site.metrics.scrape import Scrape
from wallets.clock import clock_skews
from wallets.models import GasReading, Network, RpcEndpoint

_BY_ENDPOINT = ("network", "endpoint")
# What nobody has read for so long is unknown.
GAS_COUNTS_FOR = timedelta(hours=1)

Fact = Callable[[RpcEndpoint], float | None]


def collect(scrape: Scrape) -> Iterator[Metric]:
    """All of it."""
    rows = RpcEndpoint.objects.filter(enabled=True, network__enabled=True)
    endpoints = list(rows.select_related("network"))
    heads: dict[int, int] = {}
    for row in endpoints:
        heads[row.network_id] = max(heads.get(row.network_id, 0), row.head_block or 0)

    def lag(row: RpcEndpoint) -> float | None:
        return None if row.head_block is None else heads[row.network_id] - row.head_block

    def is_open(row: RpcEndpoint) -> float:
        return row.open_until is not None and row.open_until > scrape.now

    for name, text, fact in (
        *_FACTS,
        ("rpc_lag_blocks", "Blocks behind the network's newest endpoint, as last seen.", lag),
        ("rpc_breaker_open", "Whether the endpoint is left alone for a while.", is_open),
    ):
        yield gauge(f"{name}", text, _BY_ENDPOINT, _samples(endpoints, fact))
    yield _gas(scrape)
    yield _clock(scrape)


def _samples(endpoints: list[RpcEndpoint], fact: Fact) -> Iterator[Sample]:
    for row in endpoints:
        value = fact(row)
        if value is not None:
            yield (row.network.slug, row.name), value


def _is_up(row: RpcEndpoint) -> float:
    return bool(row.answered_at and not row.consecutive_errors)


def _latency(row: RpcEndpoint) -> float | None:
    return None if row.latency_ms is None else row.latency_ms / 1000


def _answered(row: RpcEndpoint) -> float | None:
    return row.answered_at.timestamp() if row.answered_at else None


_FACTS: tuple[tuple[str, str, Fact], ...] = (
    ("rpc_up", "Whether the last exchange with the endpoint was an answer.", _is_up),
    (
        "rpc_consecutive_errors",
        "Exchanges without an answer since the last answer.",
        lambda row: row.consecutive_errors,
    ),
    ("rpc_latency_seconds", "Time of the last answer recorded.", _latency),
    (
        "rpc_head_block",
        "The newest block seen through the endpoint.",
        lambda row: row.head_block,
    ),
    ("rpc_last_answer_timestamp_seconds", "When the endpoint last answered.", _answered),
)


def _gas(scrape: Scrape) -> Metric:
    newest = GasReading.objects.filter(
        network=OuterRef("pk"), at__gte=scrape.now - GAS_COUNTS_FOR
    ).order_by("-hour")
    prices = Network.objects.annotate(gas=Subquery(newest.values("price")[:1])).order_by("slug")
    rows = prices.filter(gas__isnull=False).values_list("slug", "gas")
    text = "What the network asks for gas, wei per gas, as last read."
    return gauge("gas_price_wei", text, ("network",), (((slug,), price) for slug, price in rows))


def _clock(scrape: Scrape) -> Metric:
    skews = clock_skews(scrape.now)
    return gauge(
        "clock_skew_seconds",
        "This machine's clock less the time of the newest block when balances were last read.",
        ("network",),
        (((slug,), skew.total_seconds()) for slug, skew in skews.items()),
    )
