"""What a rule set measures, for all wallets, with a question or a few in all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.criteria import ranges
from analytics.criteria.metric_models import (
    FactMetric,
    Metric,
    PositionMetric,
    TransactionMetric,
    TransferMetric,
    needs_groups,
    networks_of,
)
from analytics.criteria.metrics.asking import Asking, Coverage, coverage_of
from analytics.criteria.metrics.positions import measure_positions
from analytics.criteria.metrics.runs_of_days import measure_grouped
from analytics.criteria.metrics.transactions import Found, Key, measure_at_once, merged
from analytics.criteria.metrics.transfers import measure_transfers
from analytics.criteria.ranges import Range
from analytics.models import Attestation


@dataclass(frozen=True, slots=True)
class Measured:
    """Every metric of every wallet that was asked about, and how much of its history was read."""

    values: dict[int, dict[Key, Range]]
    coverage: Coverage


def measure(asking: Asking, wallets: Iterable[int]) -> Measured:
    """Each of these wallets, those without any history too."""
    wanted: dict[Key, Metric] = {
        (moment, name): asking.rules.metrics[name]
        for moment in ("", *asking.rules.moments)
        for name in asking.rules.metrics_at(moment)
    }
    found, told = _measured(asking, wanted), _attested(asking, wanted)
    coverage = coverage_of(asking)
    values: dict[int, dict[Key, Range]] = {wallet: {} for wallet in wallets}
    for key, metric in wanted.items():
        facts = told.get(_fact(key, metric) or "", {})
        by_the_end = told.get(metric.attested or "", {}) if key[0] else {}
        complete, nothing = _complete(coverage, key, metric, values), _nothing(metric)
        for wallet, own in values.items():
            if (stated := facts.get(wallet)) is not None:
                own[key] = stated
                continue
            seen = found.get(wallet, {}).get(key, nothing)
            seen = seen if wallet in complete else _at_least(metric, seen)
            own[key] = _earlier(metric, seen, by_the_end.get(wallet))
    return Measured(values, coverage)


def _measured(asking: Asking, wanted: Mapping[Key, Metric]) -> Found:
    at_once: dict[Key, TransactionMetric] = {}
    answers: list[Found] = []
    for key, metric in wanted.items():
        match metric:
            case TransactionMetric() if needs_groups(metric):
                answers.append(measure_grouped(asking, key, metric))
            case TransactionMetric():
                at_once[key] = metric
            case TransferMetric():
                answers.append(measure_transfers(asking, key, metric))
            case PositionMetric():
                answers.append(measure_positions(asking, key, metric))
    return merged([measure_at_once(asking, at_once), *answers])


def _attested(asking: Asking, wanted: Mapping[Key, Metric]) -> dict[str, dict[int, Range]]:
    """By fact and wallet."""
    names = {_fact(key, metric) for key, metric in wanted.items()}
    names |= {metric.attested for metric in wanted.values()}
    rows = Attestation.objects.filter(asking.of_wallets(), fact__in=names - {None})
    told: dict[str, dict[int, Range]] = defaultdict(dict)
    for fact, wallet, value in rows.order_by().values_list("fact", "wallet_id", "value"):
        told[fact][wallet] = ranges.exactly(value.normalize())
    return told


def _fact(key: Key, metric: Metric) -> str | None:
    """What is attested of it: of an earlier moment under a name of its own."""
    if isinstance(metric, FactMetric):
        return metric.fact
    return f"{metric.attested}-{key[0]}" if key[0] and metric.attested else metric.attested


def _earlier(metric: Metric, seen: Range, at_the_end: Range | None) -> Range:
    """Of what somebody states of the end, any part may have been there earlier."""
    if at_the_end is None:
        return seen
    if isinstance(metric, TransferMetric):
        return ranges.UNKNOWN
    return min(seen[0], at_the_end[1]), at_the_end[1]


def _complete(
    coverage: Coverage, key: Key, metric: Metric, wallets: Iterable[int]
) -> frozenset[int] | set[int]:
    """Of which wallets all that the metric needs was read."""
    if coverage.assumed or isinstance(metric, FactMetric):
        return set(wallets)
    read = [coverage.read.get((key[0], name), frozenset()) for name in networks_of(metric)]
    return frozenset.intersection(*read)


def _nothing(metric: Metric) -> Range:
    if isinstance(metric, FactMetric):
        most = ranges.OPEN if metric.most is None else ranges.exactly(metric.most)[0]
        return ranges.ZERO, most
    return ranges.NO


def _at_least(metric: Metric, seen: Range) -> Range:
    """Where history is missing, there may be more; of a token, less too."""
    return ranges.UNKNOWN if isinstance(metric, TransferMetric) else (seen[0], ranges.OPEN)
