"""Everything for Prometheus: facts read from the database at scrape, and the web's own timings.

The facts are the same whichever process is asked, and survive restarts. Labels are names that an
operator gave or words of this code, never an address, a hash or a URL.

Counters count ends that are for good (final on chain, or ended without being sent), so that no
reorganisation takes one back. They are counted from the rows of transactions and receipts, which
nothing deletes as yet; `cleanup`, once it does, writes rollups first, and they are added here.
"""

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import datetime

import prometheus_client
from django.db import Error, connection
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from airdrops_site.health.transactions import open_facts
from airdrops_site.version import version
from scheduling.models import Run, Task
from wallets.amounts import SumAmount, to_decimal
from wallets.models import (
    EmergencyStop,
    Network,
    Receipt,
    RpcEndpoint,
    Token,
    Transaction,
    WakeUp,
    WorkerCluster,
)
from wallets.selectors import stuck_transactions
from wallets.transactions.states import ENDED_UNSENT, PENDING
from wallets.transactions.states import TransactionState as S

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BY_ENDPOINT = ("network", "endpoint")

Sample = tuple[tuple[str, ...], float]


def render_metrics() -> bytes:
    """The whole page in Prometheus' text format."""
    facts = CollectorRegistry()
    facts.register(DatabaseCollector())
    return generate_latest(_http_registry()) + generate_latest(facts)


def _http_registry() -> CollectorRegistry:
    """The timings of all web processes where they share a folder, else of this one."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return prometheus_client.REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class DatabaseCollector(Collector):
    """What the rows say now; the number of queries does not depend on the number of rows."""

    def collect(self) -> Iterator[Metric]:
        """All families, or only that the database does not answer."""
        labels = {"version": version(), "python": platform.python_version()}
        labels["database"] = connection.vendor
        yield _gauge(
            "airdrops_build_info", "What is running.", tuple(labels), [(tuple(labels.values()), 1)]
        )
        found: list[Metric] = []
        try:
            for part in (_transactions, _under_way, _fees, _schedule, _endpoints, _workers, _risk):
                found += part()
        except Error:
            # Half of the facts would look like a fall of the others.
            found = []
        yield _gauge(
            "airdrops_database_up", "Whether the facts could be read.", (), [((), bool(found))]
        )
        yield from found


def _transactions() -> Iterator[Metric]:
    rows = Transaction.objects.order_by().values_list(
        "network__slug", "protocol", "state", "outcome"
    )
    counted = list(rows.annotate(count=Count("pk")))
    yield _counter(
        "airdrops_transactions",
        "Transactions that have ended for good, by what became of them.",
        ("network", "protocol", "outcome"),
        _summed(
            ((network, protocol, outcome if state == S.FINAL else state), count)
            for network, protocol, state, outcome, count in counted
            if state == S.FINAL or state in ENDED_UNSENT
        ),
    )
    yield _gauge(
        "airdrops_transactions",
        "Transactions by the state they are in.",
        ("network", "protocol", "state"),
        _summed(
            ((network, protocol, state), count) for network, protocol, state, _, count in counted
        ),
    )


def _under_way() -> Iterator[Metric]:
    """Zero is said aloud for every network: an alert on a missing series never fires."""
    zeros = [((network,), 0) for network in Network.objects.values_list("slug", flat=True)]
    pending = Transaction.objects.filter(state__in=PENDING).order_by()
    stuck = stuck_transactions(timezone.now())
    for name, text, rows in (
        ("pending", "Transactions with a nonce that are in no block.", pending),
        ("stuck", "Transactions with a nonce for long that are in no block.", stuck),
    ):
        counts = rows.values_list("network__slug").annotate(count=Count("pk"))
        samples = _summed([*zeros, *_labelled(counts)])
        yield _gauge(f"airdrops_transactions_{name}", text, ("network",), samples)


def _fees() -> Iterator[Metric]:
    decimals = dict(Token.objects.filter(address="").values_list("network__slug", "decimals"))
    paid = Receipt.objects.filter(canonical=True, transaction__state=S.FINAL).order_by()
    sums = paid.values_list("transaction__network__slug").annotate(total=SumAmount("fee"))
    # The one place where an amount becomes a float: Prometheus has no other number.
    yield _counter(
        "airdrops_fees_native",
        "Fees of final transactions, in the network's own coin.",
        ("network",),
        (
            ((network,), float(to_decimal(total, decimals.get(network, 18))))
            for network, total in sums
        ),
    )


def _schedule() -> Iterator[Metric]:
    runs = Run.objects.order_by().values_list("state").annotate(count=Count("pk"))
    yield _gauge("airdrops_runs", "Runs by the state they are in.", ("state",), _labelled(runs))
    now = timezone.now()
    due = Q(enabled=True, next_due_at__lte=now)
    tasks = Task.objects.aggregate(
        on=Count("pk", filter=Q(enabled=True)),
        off=Count("pk", filter=Q(enabled=False)),
        due=Count("pk", filter=due),
        oldest=Min("next_due_at", filter=due),
    )
    yield _gauge(
        "airdrops_tasks",
        "Standing orders.",
        ("enabled",),
        [(("true",), tasks["on"]), (("false",), tasks["off"])],
    )
    yield _gauge(
        "airdrops_tasks_due", "Tasks due and not made into runs.", (), [((), tasks["due"])]
    )
    yield _gauge(
        "airdrops_task_wait_seconds",
        "How long the longest waiting due task has waited for its run.",
        (),
        [((), _age(now, tasks["oldest"]) or 0.0)],
    )


def _endpoints() -> Iterator[Metric]:
    rows = RpcEndpoint.objects.filter(enabled=True, network__enabled=True)
    endpoints = [((row.network.slug, row.name), row) for row in rows.select_related("network")]
    yield _gauge(
        "airdrops_rpc_up",
        "Whether the last exchange with the endpoint was an answer.",
        _BY_ENDPOINT,
        ((key, bool(row.answered_at and not row.consecutive_errors)) for key, row in endpoints),
    )
    yield _gauge(
        "airdrops_rpc_consecutive_errors",
        "Exchanges without an answer since the last answer.",
        _BY_ENDPOINT,
        ((key, row.consecutive_errors) for key, row in endpoints),
    )
    yield _gauge(
        "airdrops_rpc_latency_seconds",
        "Time of the last answer recorded.",
        _BY_ENDPOINT,
        ((key, row.latency_ms / 1000) for key, row in endpoints if row.latency_ms is not None),
    )
    yield _gauge(
        "airdrops_rpc_head_block",
        "The newest block seen through the endpoint.",
        _BY_ENDPOINT,
        ((key, row.head_block) for key, row in endpoints if row.head_block is not None),
    )
    yield _gauge(
        "airdrops_rpc_last_answer_timestamp_seconds",
        "When the endpoint last answered.",
        _BY_ENDPOINT,
        ((key, row.answered_at.timestamp()) for key, row in endpoints if row.answered_at),
    )


def _workers() -> Iterator[Metric]:
    now = timezone.now()
    clusters = WorkerCluster.objects.filter(fenced_at=None, beat_at__isnull=False).order_by()
    beats = clusters.values_list("host").annotate(newest=Max("beat_at"))
    yield _gauge(
        "airdrops_worker_heartbeat_age_seconds",
        "Age of the newest heartbeat of the workers of a host.",
        ("host",),
        (((host,), _age(now, newest) or 0.0) for host, newest in beats),
    )
    failures = WakeUp.objects.order_by().values_list("path").annotate(count=Sum("failures"))
    yield _counter(
        "airdrops_wakeup_failures",
        "Jobs that ended with an error nobody expected; the log has it.",
        ("job",),
        _labelled(failures),
    )


def _risk() -> Iterator[Metric]:
    stops = EmergencyStop.objects.order_by().values_list("scope_kind")
    yield _gauge(
        "airdrops_emergency_stops",
        "Engaged emergency stops by the kind of their scope.",
        ("scope",),
        _labelled(stops.annotate(count=Count("pk", filter=Q(engaged=True)))),
    )
    yield _gauge(
        "airdrops_alerts",
        "What waits for a person.",
        ("kind",),
        _labelled(open_facts().items()),
    )


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _counter(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    """A counter; Prometheus shows its name with `_total` behind it."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _labelled(counts: Iterable[tuple[str, int]]) -> Iterator[Sample]:
    return (((label,), count) for label, count in counts)


def _summed(samples: Iterable[Sample]) -> Iterable[Sample]:
    """Samples of the same labels as one."""
    sums: dict[tuple[str, ...], float] = {}
    for labels, value in samples:
        sums[labels] = sums.get(labels, 0) + value
    return sums.items()


def _age(now: datetime, moment: datetime | None) -> float | None:
    return max(0.0, (now - moment).total_seconds()) if moment else None
