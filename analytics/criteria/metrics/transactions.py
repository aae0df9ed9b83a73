"""What wallets sent, in one question for all of them and all metrics that one question can hold."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, Max, Min, Q, Sum, Value
from django.db.models.functions import Cast, Concat

from analytics.criteria import ranges
from analytics.criteria.metric_models import TransactionMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.choosing import Rows, rows_of
from analytics.criteria.metrics.functions import (
    DAY,
    FIRST_MONDAY,
    TRAILING_MONTH,
    WEEK,
    Div,
    Epoch,
    Month,
)
from analytics.criteria.ranges import Range
from analytics.models import ChainTransaction
from wallets.amounts import SumAmount

COINS = 18
SUMMED = {
    "volume": "volume_cents",
    "bridged": "bridged_cents",
    "fees": "fee",
    "fees_usd": "fee_cents",
}
HOUR = 3600

# By moment and name of the metric.
type Key = tuple[str, str]
type Found = dict[int, dict[Key, Range]]


@dataclass(frozen=True, slots=True)
class _Column:
    """A metric at a moment: what is asked for it, and how its range is made of the answer."""

    key: Key
    asked: Mapping[str, Any]
    range_of: Callable[[Mapping[str, Any]], Range]


def measure_at_once(asking: Asking, wanted: Mapping[Key, TransactionMetric]) -> Found:
    """By wallet; one that sent nothing of the sort is left out."""
    columns = [
        _column(f"m{place}", key, metric, asking)
        for place, (key, metric) in enumerate(wanted.items())
    ]
    if not columns or not asking.networks:
        return {}
    asked = {name: one for column in columns for name, one in column.asked.items()}
    rows = (
        ChainTransaction.objects.filter(
            asking.of_wallets(), network_id__in=set(asking.networks.values())
        )
        .order_by()
        .values("wallet_id")
        .annotate(**asked)
    )
    return {
        row["wallet_id"]: {column.key: column.range_of(row) for column in columns}
        for row in rows.iterator(chunk_size=5000)
    }


def _column(prefix: str, key: Key, metric: TransactionMetric, asking: Asking) -> _Column:
    rows = rows_of(asking, key[0], metric)
    until = asking.until(key[0], metric)
    match metric.measure:
        case "volume" | "bridged" | "fees" | "fees_usd":
            return _sum(prefix, key, SUMMED[metric.measure], rows)
        case "span_hours":
            return _span(prefix, key, rows)
        case "days_since_first" | "weeks_since_first" | "months_since_first":
            return _age(prefix, key, metric.measure, rows, until)
    if metric.measure == "contracts":
        rows = Rows(rows.certain & ~Q(recipient=""), rows.possible & ~Q(recipient=""))
    if metric.measure == "protocols":
        rows = Rows(rows.certain & ~Q(protocol=""), rows.possible)
    return _count(prefix, key, _counted(metric, until), rows)


def _counted(metric: TransactionMetric, until: datetime) -> Any:
    """What is counted once each."""
    at = Epoch("block_at")
    match metric.measure:
        case "contracts":
            return "recipient" if len(metric.networks) == 1 else place_of()
        case "days":
            return Div(at, Value(DAY))
        case "weeks":
            return Div(at - FIRST_MONDAY, Value(WEEK))
        case "months":
            return Month("block_at")
        case "months_before":
            # From the end backwards: the last thirty days are the first month.
            return Div(Value(int(until.timestamp()) - 1) - at, Value(TRAILING_MONTH))
        case "networks":
            return "network_id"
        case "protocols":
            return "protocol"
    return None


def place_of() -> Any:
    """The same address is another contract on another network."""
    text = CharField()
    return Concat(Cast("network_id", text), Value(":"), Cast("recipient", text))


def _count(prefix: str, key: Key, counted: Any, rows: Rows) -> _Column:
    def ask(rows: Q) -> Count:
        if counted is None:
            return Count("pk", filter=rows)
        return Count(counted, distinct=True, filter=rows)

    asked = {f"{prefix}_low": ask(rows.certain)}
    if not rows.sure:
        asked[f"{prefix}_high"] = ask(rows.possible)

    def range_of(row: Mapping[str, Any]) -> Range:
        low = Decimal(row[f"{prefix}_low"])
        return low, low if rows.sure else Decimal(row[f"{prefix}_high"])

    return _Column(key, asked, range_of)


def _sum(prefix: str, key: Key, field: str, rows: Rows) -> _Column:
    """A sum with an unknown part is at least what is known."""
    total = SumAmount if field == "fee" else Sum
    decimals = COINS if field == "fee" else 2
    asked = {
        prefix: total(field, filter=rows.certain),
        f"{prefix}_gaps": Count("pk", filter=_gaps(field, rows)),
    }

    def range_of(row: Mapping[str, Any]) -> Range:
        low = Decimal(row[prefix] or 0).scaleb(-decimals)
        return low, ranges.OPEN if row[f"{prefix}_gaps"] else low

    return _Column(key, asked, range_of)


def _gaps(field: str, rows: Rows) -> Q:
    unpriced = rows.certain & Q(**{f"{field}__isnull": True})
    return unpriced if rows.sure else unpriced | (rows.possible & ~rows.certain)


def _ends(prefix: str, rows: Rows, end: Any) -> dict[str, Any]:
    asked = {f"{prefix}_certain": end("block_at", filter=rows.certain)}
    if not rows.sure:
        asked[f"{prefix}_possible"] = end("block_at", filter=rows.possible)
    return asked


def _span(prefix: str, key: Key, rows: Rows) -> _Column:
    asked = {**_ends(f"{prefix}_first", rows, Min), **_ends(f"{prefix}_last", rows, Max)}

    def hours(row: Mapping[str, Any], how: str) -> Decimal:
        first = row.get(f"{prefix}_first_{how}", row[f"{prefix}_first_certain"])
        last = row.get(f"{prefix}_last_{how}", row[f"{prefix}_last_certain"])
        return Decimal(int((last - first).total_seconds())) / HOUR if first else ranges.ZERO

    return _Column(key, asked, lambda row: (hours(row, "certain"), hours(row, "possible")))


def _age(prefix: str, key: Key, measure: str, rows: Rows, until: datetime) -> _Column:
    def age(row: Mapping[str, Any], how: str) -> Decimal:
        first = row.get(f"{prefix}_{how}", row[f"{prefix}_certain"])
        return ranges.ZERO if first is None else _since(first, until, measure)

    asked = _ends(prefix, rows, Min)
    return _Column(key, asked, lambda row: (age(row, "certain"), age(row, "possible")))


def _since(first: datetime, until: datetime, measure: str) -> Decimal:
    if measure == "months_since_first":
        # Calendar months that began after it.
        return Decimal((until.year - first.year) * 12 + until.month - first.month)
    seconds = Decimal(int((until - first).total_seconds()))
    return seconds / (DAY if measure == "days_since_first" else WEEK)


def merged(answers: Iterable[Found]) -> Found:
    """All that was found about each wallet."""
    found: Found = defaultdict(dict)
    for answer in answers:
        for wallet, values in answer.items():
            found[wallet].update(values)
    return found
