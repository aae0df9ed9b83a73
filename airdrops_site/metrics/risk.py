"""What is at risk: stops, what waits for a person, the risk level, limits."""

from collections.abc import Iterator
from fractions import Fraction

from django.db.models import Count, Q
from prometheus_client.core import Metric

from airdrops_site.health.transactions import open_facts
from airdrops_site.metrics.families import NO_LABELS, Sample, gauge, labelled, single
from airdrops_site.metrics.scrape import Scrape
from analytics.alerts.selectors import firing_by_severity
from scheduling.risk import LEVELS, OLDEST, latest_reading
from wallets.limit_usage import used_now
from wallets.models import EmergencyStop, Limit, ScopeKind, Token
from wallets.transactions.limits import in_force, token_scope
from wallets.transactions.spending import COUNTED_KINDS


def collect(scrape: Scrape) -> Iterator[Metric]:
    """All of it."""
    stops = EmergencyStop.objects.order_by().values_list("scope_kind")
    yield gauge(
        "emergency_stops",
        "Engaged emergency stops by the kind of their scope.",
        ("scope",),
        labelled(stops.annotate(count=Count("pk", filter=Q(engaged=True)))),
    )
    yield gauge("alerts", "What waits for a person.", ("kind",), labelled(open_facts().items()))
    yield gauge(
        "alerts_firing",
        "Alerts that the workers have found firing, by severity.",
        ("severity",),
        labelled(firing_by_severity().items()),
    )
    yield _level(scrape)
    yield gauge(
        "limit_used_ratio",
        "Part of a day's or hour's limit that is spent or held back; of limits that each wallet or "
        "action has, the fullest.",
        ("limit", "scope"),
        _limits(),
    )


def _level(scrape: Scrape) -> Metric:
    reading = latest_reading()
    known = reading is not None and scrape.now - reading.at <= OLDEST
    level = LEVELS.index(reading.level) if reading is not None and known else None
    return gauge("risk_level", "0 low, 1 medium, 2 high, 3 critical.", NO_LABELS, single(level))


def _limits() -> Iterator[Sample]:
    limits = in_force(Limit.objects.filter(enabled=True, kind__in=COUNTED_KINDS))
    used, names = used_now(limits), _token_names(limits)
    for limit in limits:
        if limit.amount:
            most = max(used.get(limit.pk, {}).values(), default=0)
            yield (limit.kind, _scope(limit, names)), float(Fraction(most, limit.amount))


def _scope(limit: Limit, names: dict[str, str]) -> str:
    value = limit.scope_value
    if limit.scope_kind == ScopeKind.TOKEN:
        # A label is never an address.
        value = names.get(value, value.rpartition(":")[0])
    return f"{limit.scope_kind}:{value}" if value else limit.scope_kind


def _token_names(limits: list[Limit]) -> dict[str, str]:
    addresses = {
        limit.scope_value.rpartition(":")[2]
        for limit in limits
        if limit.scope_kind == ScopeKind.TOKEN
    }
    rows = Token.objects.filter(address__in=addresses, network__isnull=False)
    return {
        token_scope(slug, address): f"{slug}:{symbol}"
        for slug, address, symbol in rows.values_list("network__slug", "address", "symbol")
    }
