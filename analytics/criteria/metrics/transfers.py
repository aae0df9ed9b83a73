"""What came and went of a token: balances, and how long how much was there.

How long is linear in what came and went: each amount counts from its own moment to the end, so
rows are read in any order and added up in whole base units and seconds.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q

from analytics.criteria import ranges
from analytics.criteria.metric_models import TransferMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.choosing import chosen
from analytics.criteria.metrics.functions import DAY
from analytics.criteria.metrics.transactions import Found, Key
from analytics.criteria.ranges import Range
from analytics.models import ChainScan, ChainTransaction, ChainTransfer, Source
from wallets.amounts import SumAmount, to_decimal

IN, OUT = ChainTransfer.Direction.IN, ChainTransfer.Direction.OUT


def measure_transfers(asking: Asking, key: Key, metric: TransferMetric) -> Found:
    """By wallet; one that never had any is left out."""
    if metric.network not in asking.networks:
        return {}
    if metric.measure == "balance":
        found = _balances(asking, key[0], metric)
    else:
        found = _held(asking, key[0], metric)
    unseen = dict.fromkeys(_unseen(asking, key[0], metric), ranges.UNKNOWN)
    return {wallet: {key: held} for wallet, held in (found | unseen).items()}


def _rows(asking: Asking, moment: str, metric: TransferMetric) -> Q:
    # What came before the time began is there when it begins.
    timed = metric.model_copy(update={"since": None})
    return asking.of_wallets() & asking.in_time(moment, timed, (metric.network,))


def _unseen(asking: Asking, moment: str, metric: TransferMetric) -> frozenset[int]:
    """Whose coins a node without traces was asked for: it does not see what contracts sent."""
    if metric.token:
        return frozenset()
    told = ChainTransfer.objects.filter(
        _rows(asking, moment, metric), token_address="", source=Source.RPC
    )
    scans = ChainScan.objects.filter(
        asking.of_wallets(), network=asking.networks[metric.network]
    ).exclude(problem="")
    return frozenset(told.order_by().values_list("wallet_id", flat=True)) | frozenset(
        scans.values_list("wallet_id", flat=True)
    )


def _balances(asking: Asking, moment: str, metric: TransferMetric) -> dict[int, Range]:
    rows = _rows(asking, moment, metric)
    moved = (
        ChainTransfer.objects.filter(rows, token_address=metric.token)
        .order_by()
        .values("wallet_id", "direction")
        .annotate(total=SumAmount("amount"))
        .values_list("wallet_id", "direction", "total")
    )
    sums: dict[int, int] = defaultdict(int)
    for wallet, direction, total in moved:
        sums[wallet] += total if direction == IN else -total
    gaps = _pay_fees(rows, sums) if not metric.token else set[int]()
    spans = _spans(asking, moment, metric)
    if spans is not None:
        # Who has called again may have taken it back.
        gaps |= {wallet for wallet, span in spans.items() if span.sure < span.end}
        sums = {wallet: total for wallet, total in sums.items() if wallet in spans}
    return {wallet: _amount(total, metric, gap=wallet in gaps) for wallet, total in sums.items()}


def _amount(total: int, metric: TransferMetric, *, gap: bool) -> Range:
    """Where more went than came, something was not told."""
    if total < 0:
        return ranges.UNKNOWN
    amount = to_decimal(total, metric.decimals)
    return (ranges.ZERO if gap else amount), amount


def _pay_fees(rows: Q, sums: dict[int, int]) -> set[int]:
    """Taken from the coins; whose fees are not all known."""
    paid = (
        ChainTransaction.objects.filter(rows)
        .order_by()
        .values("wallet_id")
        .annotate(total=SumAmount("fee"), gaps=Count("pk", filter=Q(fee__isnull=True)))
    )
    gaps = set()
    for row in paid:
        sums[row["wallet_id"]] -= row["total"]
        if row["gaps"]:
            gaps.add(row["wallet_id"])
    return gaps


@dataclass(slots=True)
class _Span:
    """The time that counts for a wallet: certainly until `sure`, possibly until `end`."""

    start: datetime
    sure: datetime
    end: datetime


def _held(asking: Asking, moment: str, metric: TransferMetric) -> dict[int, Range]:
    spans = _spans(asking, moment, metric)
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    end = asking.until(moment, metric)
    start = metric.since or datetime.min.replace(tzinfo=end.tzinfo)
    for wallet, signed, at in _movements(asking, moment, metric):
        span = spans.get(wallet) if spans is not None else _Span(start, end, end)
        if span is not None:
            begun = max(at, span.start)
            sums[wallet][0] += signed * _seconds(begun, span.sure)
            sums[wallet][1] += signed * _seconds(begun, span.end)
    per = _per(metric, end)
    return {
        wallet: ranges.UNKNOWN
        if min(found) < 0
        else (_days(found[0], metric) / per, _days(found[1], metric) / per)
        for wallet, found in sums.items()
    }


def _movements(
    asking: Asking, moment: str, metric: TransferMetric
) -> Iterator[tuple[int, int, datetime]]:
    """Wallet, base units (below zero where they left), and when."""
    rows = _rows(asking, moment, metric)
    moved = ChainTransfer.objects.filter(rows, token_address=metric.token).order_by()
    for wallet, direction, amount, at in moved.values_list(
        "wallet_id", "direction", "amount", "block_at"
    ).iterator(chunk_size=5000):
        yield wallet, amount if direction == IN else -amount, at
    if metric.token:
        return
    paid = ChainTransaction.objects.filter(rows, fee__isnull=False).order_by()
    for wallet, fee, at in paid.values_list("wallet_id", "fee", "block_at").iterator():
        yield wallet, -(fee or 0), at


def _spans(asking: Asking, moment: str, metric: TransferMetric) -> dict[int, _Span] | None:
    """From the first transaction like the anchor; a second one may have ended it."""
    anchor = metric.after_first
    if anchor is None:
        return None
    timed = metric.model_copy(update={"since": None})
    networks = anchor.networks or (metric.network,)
    base = asking.of_wallets() & asking.in_time(moment, timed, networks)
    rows = chosen(base, anchor, failed=anchor.failed).certain
    told = ChainTransaction.objects.filter(rows).order_by("wallet_id", "block_at", "id")
    calls: dict[int, list[datetime]] = defaultdict(list)
    for wallet, at in told.values_list("wallet_id", "block_at"):
        calls[wallet].append(at)
    end = asking.until(moment, metric)
    start = metric.since or datetime.min.replace(tzinfo=end.tzinfo)
    return {
        wallet: _Span(max(start, at[0]), at[1] if len(at) > 1 else end, end)
        for wallet, at in calls.items()
    }


def _seconds(start: datetime, end: datetime) -> int:
    return max(int((end - start).total_seconds()), 0)


def _days(amount_seconds: int, metric: TransferMetric) -> Decimal:
    return Decimal(amount_seconds).scaleb(-metric.decimals) / DAY


def _per(metric: TransferMetric, end: datetime) -> Decimal:
    if metric.measure != "average" or metric.since is None:
        return ranges.ONE
    return Decimal(_seconds(metric.since, end)) / DAY
