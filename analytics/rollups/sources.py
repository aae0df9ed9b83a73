"""What is added up: from which rows, by which names, and how late rows are found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import TruncHour

from analytics.models import EquityPoint, LedgerEntry
from analytics.models.rollups import Metric
from analytics.rollups.grouping import Grouping
from analytics.rollups.numbers import DAY, Buckets, Key, Numbers, day_of
from analytics.rollups.parts import read_parts
from analytics.rollups.worth import read_worth
from analytics.selectors import valid_entries
from scheduling.models import GateCount, RiskReading, Run
from scheduling.states import RunState
from wallets.models import BalancePoint, GasReading, PricePoint, Receipt, Transition
from wallets.transactions.states import ON_CHAIN

ENDED_RUN = (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.NEEDS_OPERATOR)
Read = Callable[[datetime, datetime], Buckets]


@dataclass(frozen=True, slots=True)
class Source:
    """A metric: how it is read, and whose numbers tell that a row came late."""

    metric: Metric
    read: Read
    model: type[Model]
    at: str
    # Without hours: the rows themselves are of days.
    daily: bool = False

    def hours_behind(self, seen: int, until: datetime) -> set[datetime]:
        """The hours before `until` that rows with a higher number than `seen` fall into."""
        if self.metric == Metric.TRANSACTIONS:
            return _of_transitions(seen, until)
        if self.daily:
            return set()
        rows = self.model._default_manager.filter(pk__gt=seen, **{f"{self.at}__lt": until})
        return _hours(rows, self.at)

    def newest(self) -> int:
        """The highest number there is."""
        model = Transition if self.metric == Metric.TRANSACTIONS else self.model
        found = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        return found or 0

    def oldest(self) -> datetime | None:
        """When the first row was."""
        rows = self.model._default_manager.order_by(self.at).values_list(self.at, flat=True)
        found = rows.first()
        if found is None or isinstance(found, datetime):
            return found
        return datetime.combine(found, time(0), tzinfo=UTC)


def _hours(rows: QuerySet[Any], at: str) -> set[datetime]:
    found = rows.order_by().annotate(bucket=TruncHour(at, tzinfo=UTC)).values_list("bucket")
    return {hour for (hour,) in found.distinct() if hour is not None}


def _of_transitions(seen: int, until: datetime) -> set[datetime]:
    """Where a transaction came into a block or out of one; its receipts have no such number."""
    moved = Transition.objects.filter(pk__gt=seen, subject="transaction")
    touched = moved.filter(to_state__in=ON_CHAIN) | moved.filter(from_state__in=ON_CHAIN)
    rows = Receipt.objects.filter(
        transaction__in=touched.order_by().values("subject_id"), block_at__lt=until
    )
    return _hours(rows, "block_at")


def _of_run(path: str) -> Subquery:
    return Subquery(Run.objects.filter(pk=OuterRef("subject_id")).order_by().values(path)[:1])


def _ended_runs() -> QuerySet[Any]:
    return Transition.objects.filter(subject="run", to_state__in=ENDED_RUN)


def _read_gates(start: datetime, end: datetime) -> Buckets:
    rows = GateCount.objects.filter(day__gte=start.date(), day__lt=end.date()).order_by()
    counted = rows.values("day", "gate").annotate(n=Sum("count"))
    return {
        (datetime.combine(day, time(0), tzinfo=UTC), Key(subject=gate)): Numbers(n)
        for day, gate, n in counted.values_list("day", "gate", "n")
    }


_TRANSACTIONS = Grouping(
    rows=lambda: Receipt.objects.filter(canonical=True),
    at="block_at",
    names={
        "network": "transaction__network__slug",
        "protocol": "transaction__protocol",
        "subject": "transaction__action",
        "outcome": "transaction__outcome",
    },
    value="fee",
)
_RUNS = Grouping(
    rows=_ended_runs,
    at="at",
    names={
        "network": _of_run("task__network__slug"),
        "protocol": _of_run("task__protocol__slug"),
        "subject": _of_run("task__action"),
        "outcome": "to_state",
    },
)
_RISK = Grouping(rows=RiskReading.objects.all, at="at", names={"outcome": "level"})
_GAS = Grouping(
    rows=GasReading.objects.all,
    at="hour",
    names={"network": "network__slug"},
    value="price",
    ends=True,
)
_PRICES = Grouping(
    rows=PricePoint.objects.all,
    at="at",
    names={"network": "token__network__slug", "token": "token__address", "subject": "source"},
    value="amount",
    places="decimals",
    ends=True,
)
_EQUITY = Grouping(rows=EquityPoint.objects.all, at="at", value="cents", ends=True)
_BALANCES = Grouping(
    rows=BalancePoint.objects.all,
    at="snapshot__block_at",
    names={
        "network": "token__network__slug",
        "token": "token__address",
        "wallet": "wallet__address",
    },
    value="amount",
    ends=True,
)
_FLOWS = Grouping(
    rows=valid_entries,
    at="occurred_at",
    names={
        "network": "token__network__slug",
        "protocol": "protocol",
        "token": "token__address",
        "subject": "account",
        "outcome": "kind",
    },
    value="amount",
)

# Prices come before what is valued at them.
SOURCES = (
    Source(Metric.TRANSACTIONS, _TRANSACTIONS.read, Receipt, "block_at"),
    Source(Metric.RUNS, _RUNS.read, Transition, "at"),
    Source(Metric.GATES, _read_gates, GateCount, "day", daily=True),
    Source(Metric.RISK, _RISK.read, RiskReading, "at"),
    Source(Metric.GAS, _GAS.read, GasReading, "hour"),
    Source(Metric.PRICES, _PRICES.read, PricePoint, "at"),
    Source(Metric.EQUITY, _EQUITY.read, EquityPoint, "at"),
    Source(Metric.PARTS, read_parts, EquityPoint, "at", daily=True),
    Source(Metric.BALANCES, _BALANCES.read, BalancePoint, "snapshot__block_at"),
    Source(Metric.FLOWS, _FLOWS.read, LedgerEntry, "occurred_at"),
    Source(Metric.FLOWS_USD, read_worth, LedgerEntry, "occurred_at"),
)


def chunks(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The days of a time, the first and the last of them perhaps cut."""
    while start < end:
        until = min(day_of(start) + DAY, end)
        yield start, until
        start = until
