"""What makes things risky now: each with the level it asks for, and a sentence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Min

from protocols.models import PositionReading
from scheduling.gates import figures
from scheduling.gates.figures import Exposure, Figure, dollars, percent, share_of
from scheduling.gates.safety import factor_text
from scheduling.models import Breaker, RiskLevel, Run
from scheduling.states import BreakerState, RunState
from wallets.models import Balance, EmergencyStop, Installation, Limit, ScopeKind, Token
from wallets.transactions.limits import in_force
from wallets.volatility import PriceState, state_of, volatilities

K, L = Limit.Kind, RiskLevel
# Where no limit says what is too much.
USUAL_SWING, USUAL_FACTOR = 2_000, 11_000
A_DAY = timedelta(days=1)
RUNS_LOOKED_AT, FEWEST_RUNS = 200, 10


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason; `code` names its kind, whatever its numbers are."""

    code: str
    level: RiskLevel
    sentence: str


@dataclass(frozen=True, slots=True)
class Known:
    """The figures of a moment, asked for once."""

    now: datetime
    exposure: Exposure
    loss: Figure
    limits: tuple[Limit, ...]

    @classmethod
    def at(cls, now: datetime) -> "Known":
        """As they stand."""
        kinds = (
            K.MAX_DAY_LOSS,
            K.MAX_PROTOCOL_SHARE,
            K.MAX_ASSET_SHARE,
            K.MIN_HEALTH_FACTOR,
            K.MAX_VOLATILITY,
        )
        rows = in_force(Limit.objects.filter(kind__in=kinds, enabled=True))
        asked = figures.provider()
        return cls(now, asked.exposure(), asked.day_loss(), tuple(rows))

    def of(self, kind: str) -> list[Limit]:
        """The limits of a kind, whatever their scope."""
        return [one for one in self.limits if one.kind == kind]


def causes(known: Known) -> list[Cause]:
    """Every reason there is now."""
    return [
        *_stops(),
        *_breakers(),
        *_loss(known),
        *_shares(known),
        *_loans(known),
        *_swings(known),
        *_failures(known.now),
        *_unknown(known),
    ]


def _stops() -> Iterator[Cause]:
    for stop in EmergencyStop.objects.filter(engaged=True).order_by("pk"):
        everything = stop.scope_kind == ScopeKind.EVERYTHING
        level = L.CRITICAL if everything else L.HIGH
        yield Cause(f"stop:{stop.pk}", level, f"{stop} is engaged: {stop.reason}")
    if Installation.objects.filter(paused=True).exists():
        yield Cause("installation", L.HIGH, "the installation is paused: nothing is signed")


def _breakers() -> Iterator[Cause]:
    rows = Breaker.objects.exclude(state=BreakerState.CLOSED).select_related("protocol")
    for row in rows.order_by("pk"):
        level = L.HIGH if row.state == BreakerState.OPEN else L.MEDIUM
        said = f"the circuit breaker of {row.protocol} is {row.get_state_display().lower()}"
        yield Cause(f"breaker:{row.protocol.slug}", level, f"{said}: {row.reason}")


def _loss(known: Known) -> Iterator[Cause]:
    limits, lost = known.of(K.MAX_DAY_LOSS), known.loss.value
    if not limits or lost is None:
        return
    most = min(one.amount for one in limits)
    level = _nearing(lost, most, {10_000: L.CRITICAL, 7_500: L.HIGH, 5_000: L.MEDIUM})
    if level:
        said = f"{dollars(lost)} were lost today, of {dollars(most)} that the limit allows"
        yield Cause("loss", level, said)


def _nearing(part: int, most: int, steps: dict[int, RiskLevel]) -> RiskLevel | None:
    """The level of the highest step, in basis points of the most, that the part has reached."""
    for step, level in steps.items():
        if part > 0 and part * 10_000 >= most * step:
            return level
    return None


def _shares(known: Known) -> Iterator[Cause]:
    total = known.exposure.total.value
    if not total or total < 0:
        return
    for limit in known.limits:
        for name, cents in _parts(known.exposure, limit):
            share = share_of(cents, total)
            level = _nearing(share, limit.amount, {10_001: L.HIGH, 9_000: L.MEDIUM})
            if level:
                said = f"{name} holds {percent(share)} of all value"
                yield Cause(
                    f"share:{limit.pk}:{name}",
                    level,
                    f"{said}; the limit “{limit}” is {percent(limit.amount)}",
                )


def _parts(exposure: Exposure, limit: Limit) -> Iterable[tuple[str, int]]:
    """What a limit of shares is about, by name."""
    if limit.kind == K.MAX_PROTOCOL_SHARE:
        found = exposure.protocols
        if limit.scope_kind == ScopeKind.PROTOCOL:
            return [(limit.scope_value, found.get(limit.scope_value, 0))]
        return sorted(found.items())
    if limit.kind != K.MAX_ASSET_SHARE:
        return []
    if limit.scope_kind == ScopeKind.TOKEN:
        tokens = {name.lower(): cents for name, cents in exposure.tokens.items()}
        return [(limit.scope_value, tokens.get(limit.scope_value.lower(), 0))]
    return sorted(exposure.symbols.items())


def _loans(known: Known) -> Iterator[Cause]:
    floor = max((one.amount for one in known.of(K.MIN_HEALTH_FACTOR)), default=USUAL_FACTOR)
    near = PositionReading.objects.filter(health_factor__lt=floor * 5 // 4)
    for row in near.select_related("wallet", "network", "protocol").order_by("pk"):
        factor = row.health_factor or 0
        level = L.MEDIUM if factor >= floor * 11 // 10 else L.HIGH
        said = f"the health factor of {row} is {factor_text(factor)}"
        yield Cause(
            f"loan:{row.pk}",
            L.CRITICAL if factor < floor else level,
            f"{said}; {factor_text(floor)} is the least",
        )


def _swings(known: Known) -> Iterator[Cause]:
    limits = known.of(K.MAX_VOLATILITY)
    most = min(
        (one.amount for one in limits if one.scope_kind != ScopeKind.TOKEN), default=USUAL_SWING
    )
    own = {one.scope_value.lower(): one.amount for one in limits}
    held = Balance.objects.filter(amount__gt=F("token__dust")).values("token")
    tokens = list(
        Token.objects.filter(pk__in=held, enabled=True, network__enabled=True)
        .select_related("network")
        .order_by("network__slug", "symbol")
    )
    moved = volatilities(tokens, known.now)
    for token in tokens:
        name = f"{token.network.slug}:{token.address}"
        state = state_of(moved.get(token.pk), own.get(name.lower(), most))
        if state != PriceState.CALM:
            yield _swing(token, state)


def _swing(token: Token, state: PriceState) -> Cause:
    said = {
        PriceState.WILD: f"the price of {token} is wild",
        PriceState.MOVING: f"the price of {token} is moving",
    }.get(state, f"how the price of {token} moves is unknown: too few prices stored")
    level = L.HIGH if state == PriceState.WILD else L.MEDIUM
    return Cause(f"price:{token.pk}:{state}", level, said)


def _failures(now: datetime) -> Iterator[Cause]:
    """Of the newest runs that ended within a day."""
    ended = Run.objects.filter(state__in=(RunState.SUCCEEDED, RunState.FAILED)).order_by("-id")
    rows = ended.values_list("state", "state_changed_at")[:RUNS_LOOKED_AT]
    recent = [state for state, at in rows if at > now - A_DAY]
    failed = recent.count(RunState.FAILED)
    if len(recent) < FEWEST_RUNS:
        return
    level = _nearing(failed, len(recent), {5_000: L.HIGH, 2_000: L.MEDIUM})
    if level:
        yield Cause("failures", level, f"{failed} of the last {len(recent)} runs of a day failed")


def _unknown(known: Known) -> Iterator[Cause]:
    """What nobody knows may be anything: never a low risk."""
    if known.exposure.total.value is None:
        sentence = f"how much all is worth is unknown: {known.exposure.total.problem}"
        yield Cause("unknown:equity", L.MEDIUM, sentence)
    if known.loss.value is None and known.exposure.total.value is not None:
        sentence = f"what was lost today is unknown: {known.loss.problem}"
        yield Cause("unknown:loss", L.MEDIUM, sentence)
    if known.exposure.as_of is not None and known.now - known.exposure.as_of > figures.OLDEST:
        yield Cause("unknown:old", L.MEDIUM, f"figures are as of {known.exposure.as_of:%H:%M} UTC")
    unread = PositionReading.objects.filter(whole=False).exclude(problem="")
    if oldest := unread.aggregate(n=Min("pk"))["n"]:
        row = unread.select_related("wallet", "network", "protocol").get(pk=oldest)
        yield Cause("unknown:positions", L.MEDIUM, f"{row} cannot be read: {row.problem}")
