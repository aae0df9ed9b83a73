"""Domain facts for Prometheus, read from the database at scrape: the same from every process."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from scheduling.models import Run
from wallets.models import EmergencyStop, Transaction


class DatabaseCollector(Collector):
    """Counts by the labels that dashboards ask for; never an address or a hash."""

    def collect(self) -> Iterator[Metric]:
        """One query a metric."""
        labels = ("network", "protocol", "state")
        states = GaugeMetricFamily("airdrops_transactions", "Transactions by state", labels=labels)
        rows = Transaction.objects.order_by().values_list("network__slug", "protocol", "state")
        for network, protocol, state, count in rows.annotate(count=Count("pk")):
            states.add_metric([network, protocol, state], count)
        yield states
        yield self._outcomes()
        runs = GaugeMetricFamily("airdrops_runs", "Runs by state", labels=("state",))
        for state, count in Run.objects.order_by().values_list("state").annotate(n=Count("pk")):
            runs.add_metric([state], count)
        yield runs
        stops = EmergencyStop.objects.filter(engaged=True).count()
        yield GaugeMetricFamily("airdrops_emergency_stops", "Engaged stops", value=stops)

    def _outcomes(self) -> Metric:
        labels = ("network", "protocol", "outcome")
        family = CounterMetricFamily(
            "airdrops_transactions_total", "Final transactions by outcome", labels=labels
        )
        final = Transaction.objects.filter(state="final").order_by()
        rows = final.values_list("network__slug", "protocol", "outcome")
        for network, protocol, outcome, count in rows.annotate(count=Count("pk")):
            family.add_metric([network, protocol, outcome], count)
        return family


def render() -> bytes:
    """Everything in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return generate_latest(registry)
