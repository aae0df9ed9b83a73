"""Which rows may go, and which of them the books still need."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from analytics.models import EquityPoint, LedgerEntry
from analytics.models.rollups import Metric
from scheduling.models import GateCount, RiskReading, Run
from wallets.models import Balance, BalancePoint, BalanceSnapshot, GasReading, PricePoint
from wallets.price_history import OLDEST, History

# Rows from one moment to another; the third is the end of all that is cleaned.
Doomed = Callable[[datetime, datetime, datetime], QuerySet[Any]]


def _nothing(_start: datetime, _end: datetime) -> frozenset[int]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """A table whose rows go once all these metrics have added them up."""

    table: str
    metrics: tuple[Metric, ...]
    doomed: Doomed
    needed: Callable[[datetime, datetime], frozenset[int]] = _nothing
    # Whether what was the newest once, and was left, may go now.
    leftovers: bool = False


def _points(start: datetime, end: datetime, _limit: datetime) -> QuerySet[Any]:
    return EquityPoint.objects.filter(at__gte=start, at__lt=end)


def _risks(start: datetime, end: datetime, _limit: datetime) -> QuerySet[Any]:
    return RiskReading.objects.filter(at__gte=start, at__lt=end)


def _gas(start: datetime, end: datetime, _limit: datetime) -> QuerySet[Any]:
    return GasReading.objects.filter(hour__gte=start, hour__lt=end)


def _gates(start: datetime, end: datetime, _limit: datetime) -> QuerySet[Any]:
    return GateCount.objects.filter(day__gte=start.date(), day__lt=end.date())


def _prices(start: datetime, end: datetime, _limit: datetime) -> QuerySet[Any]:
    """All but the last of a day, of each token and source: a day later it still answers."""
    later = PricePoint.objects.filter(
        token=OuterRef("token"), source=OuterRef("source"), at__gt=OuterRef("at"), at__lt=end
    )
    return PricePoint.objects.filter(Exists(later), at__gte=start, at__lt=end)


def prices_of_entries(start: datetime, end: datetime) -> frozenset[int]:
    """The points of that time by which an entry of the books is valued, a reversed one too.

    An entry goes by the newest point before it of the source that is believed first, which with
    all others of the time gone is still the one.
    """
    rows = LedgerEntry.objects.filter(occurred_at__gte=start, occurred_at__lte=end + OLDEST)
    moments = list(rows.order_by().values_list("token_id", "occurred_at").distinct())
    if not moments:
        return frozenset()
    history = History({token for token, _ in moments}, start, end + OLDEST)
    found = (history.at(token, at) for token, at in moments)
    return frozenset(point.pk for point in found if point is not None and start <= point.at < end)


def _balances(start: datetime, end: datetime, limit: datetime) -> QuerySet[Any]:
    """All but the newest of each wallet and token: it holds until there is another."""
    at = "snapshot__block_at"
    same = BalancePoint.objects.filter(
        wallet=OuterRef("wallet"), token=OuterRef("token"), snapshot__block_at__lt=limit
    )
    later = same.filter(
        Q(snapshot__block_at__gt=OuterRef(at))
        | Q(snapshot__block_at=OuterRef(at), pk__gt=OuterRef("pk"))
    )
    return BalancePoint.objects.filter(
        Exists(later), snapshot__block_at__gte=start, snapshot__block_at__lt=end
    )


def empty_snapshots(until: datetime) -> QuerySet[BalanceSnapshot]:
    """Readings of which no balance and no change is left."""
    return BalanceSnapshot.objects.filter(
        ~Exists(Balance.objects.filter(snapshot=OuterRef("pk"))),
        ~Exists(BalancePoint.objects.filter(snapshot=OuterRef("pk"))),
        taken_at__lt=until,
    )


def _no_runs(_start: datetime, _end: datetime, _limit: datetime) -> QuerySet[Any]:
    """None here: runs are no readings. Their sums are closed, so that `cleanup` may take some."""
    return Run.objects.none()


TARGETS = (
    Target("equity points", (Metric.EQUITY, Metric.PARTS), _points),
    Target("price points", (Metric.PRICES,), _prices, prices_of_entries),
    Target("gate counts", (Metric.GATES,), _gates),
    Target("gas readings", (Metric.GAS,), _gas),
    Target("balance points", (Metric.BALANCES,), _balances, leftovers=True),
    Target("risk readings", (Metric.RISK,), _risks),
    Target("runs", (Metric.RUNS,), _no_runs),
)
