"""The console's first page: what runs, what waits for a person, what it brought."""

from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from airdrops_site.risk_panel import risk_panel
from analytics.alerts.selectors import firing_by_severity
from analytics.models import Severity
from analytics.selectors import TokenTotals, totals_by_token, unbooked_transactions
from scheduling.approvals.asking import waiting_approvals
from scheduling.models import Breaker, Run
from scheduling.pauses import standing
from scheduling.states import BreakerState, RunState
from wallets.clusters import STALE_AFTER
from wallets.console.coins import with_coin
from wallets.console.paging import AtLeast
from wallets.minimums import balances_under_minimum
from wallets.models import (
    Attempt,
    EmergencyStop,
    Installation,
    Network,
    Transaction,
    Wallet,
    WorkerCluster,
)
from wallets.transactions.states import PENDING, Outcome
from wallets.transactions.states import TransactionState as S

MOST_COUNTED = 10_000
RECENT = 10
# The books are added up over all their rows: often enough for a person, rarely for the database.
TOTALS_FOR = 15
_TOLD_IN_SECONDS = 120
_TOTALS_KEY = "dashboard-totals"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, the list behind it, and whether it asks for somebody."""

    title: str
    number: int
    link: str
    tone: str = ""

    @property
    def shown_tone(self) -> str:
        """Nothing is alarming about none."""
        return self.tone if self.number else ""


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """A network as its endpoints last saw it."""

    network: Network
    head: int | None
    seen: datetime | None
    answering: int
    endpoints: int
    pending: int

    @property
    def age(self) -> float:
        """Seconds since the head was seen; without end if it never was."""
        return (timezone.now() - self.seen).total_seconds() if self.seen else inf

    @property
    def age_text(self) -> str:
        """The age, in words."""
        if self.seen is None:
            return "never seen"
        return (
            f"{self.age:.0f} s ago"
            if self.age < _TOLD_IN_SECONDS
            else f"{timesince(self.seen)} ago"
        )

    @property
    def is_late(self) -> bool:
        """Whether the head is older than two minutes and ten blocks, or was never seen."""
        return self.age > max(_TOLD_IN_SECONDS, 10 * self.network.block_seconds)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the books add up to, and when that was read."""

    tokens: list[TokenTotals]
    unbooked: int
    at: datetime


def add_to_context(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold asks for this when the first page is shown."""
    clusters = WorkerCluster.objects.filter(
        fenced_at__isnull=True, beat_at__gt=timezone.now() - STALE_AFTER
    )
    return context | {
        "title": "Dashboard",
        "now": timezone.now(),
        "installation": Installation.objects.first(),
        "stops": list(EmergencyStop.objects.filter(engaged=True)),
        "breakers": list(
            Breaker.objects.exclude(state=BreakerState.CLOSED).select_related("protocol")
        ),
        "standing": standing(),
        "clusters": clusters.count(),
        "approvals": count_up_to(waiting_approvals()),
        "transactions": transaction_figures(),
        "runs": run_figures(),
        "wallets": wallet_figures(),
        "networks": network_lines(),
        "recent": recent_transactions(),
        "totals": ledger_totals(),
        "risk": risk_panel(),
        "alerts": alert_figures(),
    }


def count_up_to(rows: QuerySet[Any], most: int = MOST_COUNTED) -> int:
    """The number of rows, as far as a person wants to know it."""
    counted = rows.order_by()[:most].count()
    return AtLeast(counted) if counted == most else counted


def alert_figures() -> list[Figure]:
    """What fires now, the worst first."""
    counts = firing_by_severity()
    return [
        Figure(
            str(Severity(name).label),
            counts[name],
            _rows("analytics_alert", {"state__exact": "firing", "severity__exact": name}),
            tone,
        )
        for name, tone in (("critical", "danger"), ("warning", "warning"), ("info", "info"))
    ]


def transaction_figures() -> list[Figure]:
    """Transactions by what they mean to the operator."""
    rows = Transaction.objects
    wanted = (
        ("Waiting", {"state__in": (S.QUEUED,)}, ""),
        ("Held", {"state__in": (S.HELD,)}, "warning"),
        ("Pending", {"state__in": PENDING}, "info"),
        ("Confirming", {"state__in": (S.INCLUDED, S.CONFIRMED)}, "info"),
        ("Final", {"state__in": (S.FINAL,)}, "success"),
        ("Refused", {"state__in": (S.REFUSED,)}, "warning"),
        ("Needs operator", {"state__in": (S.NEEDS_OPERATOR,)}, "danger"),
    )
    figures = [
        Figure(
            title, count_up_to(rows.filter(**lookup)), _rows("wallets_transaction", lookup), tone
        )
        for title, lookup, tone in wanted
    ]
    return [*figures, _reverted()]


def _reverted() -> Figure:
    # The newest only: an old revert has been seen, and counting all reads every final row.
    newest = Transaction.objects.order_by("-id").values("pk")[:MOST_COUNTED]
    found = Transaction.objects.filter(pk__in=newest, outcome=Outcome.REVERTED)
    link = _rows("wallets_transaction", {"outcome__exact": Outcome.REVERTED})
    return Figure("Reverted", found.count(), link, "danger")


def run_figures() -> list[Figure]:
    """Runs by state."""
    tones = {
        RunState.SUCCEEDED: "success",
        RunState.FAILED: "danger",
        RunState.NEEDS_OPERATOR: "danger",
        RunState.HELD: "warning",
        RunState.RUNNING: "info",
    }
    return [
        Figure(
            str(state.label),
            count_up_to(Run.objects.filter(state=state)),
            _rows("scheduling_run", {"state__exact": state}),
            tones.get(state, ""),
        )
        for state in RunState
    ]


def wallet_figures() -> list[Figure]:
    """Wallets by status, and balances of theirs that are too low."""
    tones = {Wallet.Status.VERIFIED: "success", Wallet.Status.UNVERIFIED: "warning"}
    by_status = [
        Figure(
            str(status.label),
            count_up_to(Wallet.objects.filter(status=status)),
            _rows("wallets_wallet", {"status__exact": status}),
            tones.get(status, ""),
        )
        for status in Wallet.Status
    ]
    under = Figure(
        "Under minimum",
        count_up_to(balances_under_minimum()),
        _rows("wallets_balance", {"minimum": "under"}),
        "danger",
    )
    return [*by_status, under]


def network_lines() -> list[NetworkLine]:
    """Enabled networks with the newest head any endpoint has shown."""
    enabled = Network.objects.filter(enabled=True).prefetch_related("endpoints")
    return [_network_line(network) for network in enabled]


def _network_line(network: Network) -> NetworkLine:
    endpoints = [one for one in network.endpoints.all() if one.enabled]
    heads = [(one.head_block, one.head_block_at) for one in endpoints if one.head_block is not None]
    head, seen = max(heads, key=lambda pair: pair[0] or 0) if heads else (None, None)
    answering = sum(1 for one in endpoints if one.answered_at and not one.consecutive_errors)
    pending = count_up_to(Transaction.objects.filter(network=network, state__in=PENDING))
    return NetworkLine(network, head, seen, answering, len(endpoints), pending)


def recent_transactions() -> list[Transaction]:
    """The last ten, with what their lines show."""
    attempts = Prefetch("attempts", Attempt.objects.order_by("id").defer("raw"))
    rows = Transaction.objects.select_related("lane__wallet", "network", "step__run__task")
    return list(with_coin(rows.prefetch_related(attempts)).order_by("-id")[:RECENT])


def ledger_totals() -> Totals:
    """What the books add up to, at most a few seconds old."""

    kept: Totals | None = cache.get(_TOTALS_KEY)
    if kept is None:
        kept = Totals(totals_by_token(), unbooked_transactions(), timezone.now())
        cache.set(_TOTALS_KEY, kept, TOTALS_FOR)
    return kept


def _rows(model: str, lookup: dict[str, Any]) -> str:
    query = {
        name: ",".join(value) if isinstance(value, tuple) else value
        for name, value in lookup.items()
    }
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}"
