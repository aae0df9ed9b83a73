"""Short ways to write a metric; the one place where numbers become floats."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Number = float  # whole numbers and fractions; Prometheus has no other
Sample = tuple[tuple[str, ...], Number]
NO_LABELS: tuple[str, ...] = ()


def gauge(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    """What may rise and fall; without samples it is unknown."""
    family = GaugeMetricFamily(f"airdrops_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family


def counter(name: str, text: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    """What only rises; Prometheus shows its name with `_total` behind it."""
    family = CounterMetricFamily(f"airdrops_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family


def single(value: float | None) -> list[Sample]:
    """The one sample of a metric without labels; none where it is unknown."""
    return [] if value is None else [((), value)]


def labelled(counts: Iterable[tuple[str, int]]) -> Iterator[Sample]:
    """Counts by one label."""
    return (((label,), count) for label, count in counts)


def summed(samples: Iterable[Sample]) -> Iterable[Sample]:
    """Samples of the same labels as one."""
    sums: dict[tuple[str, ...], float] = {}
    for labels, value in samples:
        sums[labels] = sums.get(labels, 0) + value
    return sums.items()


def age(now: datetime, moment: datetime | None) -> float | None:
    """Seconds since then; never below zero."""
    return max(0.0, (now - moment).total_seconds()) if moment else None
