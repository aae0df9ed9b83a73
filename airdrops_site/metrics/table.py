"""The table of all metrics that docs/metrics.md holds."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from airdrops_site.metrics.collector import DatabaseCollector


def table() -> str:
    """Markdown, a line for each metric: name as Prometheus shows it, type, labels, meaning."""
    lines = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, _sorted())])


def _sorted() -> Iterator[Metric]:
    yield from sorted(DatabaseCollector().collect(), key=_shown)


def _line(metric: Metric) -> str:
    labels = ", ".join(getattr(metric, "_labelnames", ()))
    return f"| `{_shown(metric)}` | {metric.type} | {labels} | {metric.documentation} |"


def _shown(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name
