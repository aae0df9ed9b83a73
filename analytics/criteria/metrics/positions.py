"""How long something of a wallet was inside protocols, by the books: liquidity, lending, vaults."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from analytics.criteria import ranges
from analytics.criteria.metric_models import PositionMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.functions import DAY
from analytics.criteria.metrics.transactions import Found, Key
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries

# From when until when so many base units were inside.
type Stretch = tuple[datetime, datetime, int]
_FIELDS = ("wallet_id", "protocol", "token_id", "kind", "amount", "occurred_at")


def measure_positions(asking: Asking, key: Key, metric: PositionMetric) -> Found:
    """By wallet; one that never put anything into one is left out."""
    end = asking.until(key[0], metric)
    networks = [asking.networks[name] for name in metric.networks if name in asking.networks]
    rows = valid_entries().filter(
        asking.of_wallets(),
        account=LedgerEntry.Account.PROTOCOL,
        kind__in=(LedgerEntry.Kind.IN, LedgerEntry.Kind.OUT),
        token__network__in=networks,
        occurred_at__lt=end,
    )
    if metric.protocols:
        rows = rows.filter(protocol__in=metric.protocols)
    if metric.token is not None:
        rows = rows.filter(token__address=metric.token)
    ordered = rows.order_by("wallet_id", "protocol", "token_id", "occurred_at", "id")
    lines = ordered.values_list(*_FIELDS).iterator(chunk_size=5000)
    found: Found = {}
    for wallet, own in groupby(lines, key=lambda line: line[0]):
        stretches = [
            (max(start, metric.since or start), until, inside)
            for _, position in groupby(own, key=lambda line: line[1:3])
            for start, until, inside in _stretches(position, end)
        ]
        found[wallet] = {key: ranges.exactly(_measured(metric, stretches))}
    return found


def _measured(metric: PositionMetric, stretches: list[Stretch]) -> Decimal:
    if metric.measure == "days":
        return Decimal(_covered(stretches)) / DAY
    total = sum(_seconds(start, until) * inside for start, until, inside in stretches)
    return Decimal(total).scaleb(-metric.decimals) / DAY


def _stretches(
    position: Iterator[tuple[int, str, int, str, int, datetime]], end: datetime
) -> Iterator[Stretch]:
    """Between two movements the same was inside; what came out as gain is not inside."""
    inside, since = 0, end
    for _, _, _, kind, amount, at in position:
        if inside > 0:
            yield since, at, inside
        inside = max(inside + (amount if kind == LedgerEntry.Kind.OUT else -amount), 0)
        since = at
    if inside > 0:
        yield since, end, inside


def _covered(stretches: list[Stretch]) -> int:
    """Seconds with anything inside; two positions at once count once."""
    total, reached = 0, None
    for start, until, _ in sorted(stretches):
        begun = start if reached is None else max(start, reached)
        total += _seconds(begun, until)
        reached = until if reached is None else max(reached, until)
    return total


def _seconds(start: datetime, end: datetime) -> int:
    return max(int((end - start).total_seconds()), 0)
