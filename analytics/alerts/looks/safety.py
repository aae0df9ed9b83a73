"""Stops, pauses, risk, limits, balances, contracts."""

from collections.abc import Iterator

from django.db.models import Count

from analytics.alerts.facts import Fact, Look
from protocols.selectors import changed_deployments
from scheduling.models import Breaker, RiskLevel
from scheduling.risk import OLDEST, latest_reading
from scheduling.states import BreakerState
from wallets.limit_usage import used_now
from wallets.minimums import balances_under_minimum, count_unknown_minimums
from wallets.models import EmergencyStop, Installation, Limit, NonceLane

_SPENT = (
    Limit.Kind.MAX_HOUR_VALUE,
    Limit.Kind.MAX_DAY_VALUE,
    Limit.Kind.MAX_WALLET_DAY_VALUE,
    Limit.Kind.MAX_ACTION_DAY_VALUE,
    Limit.Kind.MAX_DAY_FEES,
)


def engaged_stops(_look: Look) -> Iterator[Fact]:
    """Emergency stops, by scope."""
    for row in EmergencyStop.objects.filter(engaged=True):
        scope = f"{row.scope_kind} {_name(row.scope_kind, row.scope_value)}".strip()
        mode = row.get_mode_display().lower()
        yield Fact(scope, f"emergency stop of {scope}: {mode}; {row.reason or 'no reason given'}")


def paused(_look: Look) -> Iterator[Fact]:
    """An installation that signs nothing, lanes that stand still."""
    for reason in Installation.objects.filter(paused=True).values_list("pause_reason", flat=True):
        yield Fact("installation", f"nothing is signed, the installation is paused: {reason}")
    if count := NonceLane.objects.filter(paused=True).count():
        yield Fact("lanes", f"{count} nonce lanes are paused; each says why")


def protocol_breakers(_look: Look) -> Iterator[Fact]:
    """Protocols that begin nothing after failures."""
    rows = Breaker.objects.exclude(state=BreakerState.CLOSED).select_related("protocol")
    for row in rows:
        slug = row.protocol.slug
        yield Fact(slug, f"the circuit breaker of {slug} is {row.get_state_display().lower()}")


def raised_risk(look: Look) -> Iterator[Fact]:
    """The level is high; critical has a rule of its own."""
    return _risk(look, RiskLevel.HIGH)


def critical_risk(look: Look) -> Iterator[Fact]:
    """The level is critical."""
    return _risk(look, RiskLevel.CRITICAL)


def unknown_risk(look: Look) -> Iterator[Fact]:
    """Nobody has worked it out for long, though it was once."""
    reading = latest_reading()
    if reading is not None and look.now - reading.at > OLDEST:
        yield Fact("risk", f"the risk is unknown: last worked out {reading.at:%Y-%m-%d %H:%M} UTC")


def nearly_used(look: Look) -> Iterator[Fact]:
    """Limits of a day or an hour of which so many percent are taken."""
    limits = {row.pk: row for row in Limit.objects.filter(enabled=True, kind__in=_SPENT)}
    for pk, shares in used_now(limits.values()).items():
        limit, most = limits[pk], max(shares.values(), default=0)
        if most * 100 < limit.amount * look.threshold or not most:
            continue
        scope = f"{limit.scope_kind} {_name(limit.scope_kind, limit.scope_value)}".strip()
        percent = f"{most * 100 // limit.amount} %" if limit.amount else "all"
        told = f"{percent} of the limit '{limit.get_kind_display()}' of {scope} is taken"
        yield Fact(f"{limit.kind} {scope}", told)


def under_minimum(_look: Look) -> Iterator[Fact]:
    """Networks with balances below what was asked for."""
    rows = balances_under_minimum().order_by().values_list("token__network__slug")
    for slug, count in rows.annotate(count=Count("pk")):
        yield Fact(slug, f"{count} balances on {slug} are below their minimum")


def unknown_minimums(_look: Look) -> Iterator[Fact]:
    """Balances that have a minimum and are not known."""
    if count := count_unknown_minimums():
        yield Fact("balances", f"{count} balances have a minimum and are not known")


def changed_contracts(_look: Look) -> Iterator[Fact]:
    """Registered contracts with another code than was registered."""
    if count := changed_deployments().count():
        yield Fact("contracts", f"{count} registered contracts have changed and are disabled")


def _risk(_look: Look, level: str) -> Iterator[Fact]:
    reading = latest_reading()
    if reading is not None and reading.level == level:
        why = "; ".join(reading.reasons) or "no reason is known"
        yield Fact("risk", f"the risk is {level}: {why}")


def _name(kind: str, value: str) -> str:
    """The scope as it is called; of a token only its network, the rest is an address."""
    return value.rpartition(":")[0] if kind == "token" else value
