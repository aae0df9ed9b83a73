"""Gates that keep loans safe, and trades out of wild markets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from protocols.models import PositionReading
from protocols.registry import UnknownAction, get_adapter
from scheduling.gates.ages import too_old
from scheduling.gates.facts import (
    Place,
    Valuation,
    brought,
    covering,
    given,
    is_spared,
    params_of,
)
from scheduling.gates.figures import OLDEST, percent
from scheduling.gates.registry import Subject
from scheduling.states import StepState
from wallets.models import Limit, ScopeKind, Transaction
from wallets.transactions.limits import token_of
from wallets.transactions.states import ON_CHAIN, PENDING
from wallets.volatility import Volatility, volatilities

HEALTH_FACTOR, VOLATILITY = Limit.Kind.MIN_HEALTH_FACTOR, Limit.Kind.MAX_VOLATILITY
# A wallet, a network and a protocol.
Where = tuple[int, int, str]


def factor_text(ten_thousandths: int) -> str:
    """A health factor as a person reads it."""
    return f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04}"


@dataclass(frozen=True, slots=True)
class HealthFactor:
    """A wallet whose debts are near liquidation does nothing there that could bring it nearer."""

    name: str = HEALTH_FACTOR

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """The stored readings of all, with two questions; of a place one run at a time."""
        limits = [_health_limits(one) for one in subjects]
        asked = [one for one, found in zip(subjects, limits, strict=True) if found]
        if not asked:
            return ["" for _ in subjects]
        readings, busy, said = _readings(asked), _under_way(asked), []
        for one, found in zip(subjects, limits, strict=True):
            where = _where(one)
            sentence = _health_sentence(one, readings.get(where), found) if found else ""
            if found and not sentence and (others := busy.setdefault(where, set()) - {one.run_id}):
                sentence = f"{_named(one)} is unknown: run {min(others)} may change it now"
            if found and not sentence and one.signs and one.run_id:
                busy[where].add(one.run_id)
            said.append(sentence)
        return said


def _health_limits(subject: Subject) -> list[Limit]:
    if is_spared(subject) or not _lends(subject.row.protocol):
        return []
    return covering(subject, HEALTH_FACTOR)


def _lends(slug: str) -> bool:
    try:
        return get_adapter(slug).health_factor is not None
    except UnknownAction:
        return True  # nobody says that it does not


def _where(subject: Subject) -> Where:
    row = subject.row
    return row.lane.wallet_id, row.network_id, row.protocol


def _under_way(subjects: Iterable[Subject]) -> dict[Where, set[int]]:
    """The runs that have something signed there of which it is not known yet what it did."""
    wallets, networks, protocols = zip(*map(_where, subjects), strict=True)
    rows = Transaction.objects.filter(
        lane__wallet__in=wallets,
        network__in=networks,
        protocol__in=protocols,
        state__in=(*PENDING, *ON_CHAIN),
        step__state=StepState.SUBMITTED,
    )
    found: dict[Where, set[int]] = {}
    names = ("lane__wallet", "network", "protocol", "step__run")
    for wallet, network, protocol, run in rows.values_list(*names):
        found.setdefault((wallet, network, protocol), set()).add(run)
    return found


def _named(subject: Subject) -> str:
    row = subject.row
    return f"the health factor of {row.lane.wallet} in {row.protocol} on {row.network.slug}"


def _readings(subjects: Iterable[Subject]) -> Mapping[Where, PositionReading]:
    wallets, networks, protocols = zip(*map(_where, subjects), strict=True)
    rows = PositionReading.objects.filter(
        wallet__in=wallets, network__in=networks, protocol__slug__in=protocols
    )
    found = rows.order_by().select_related("protocol")
    return {(row.wallet_id, row.network_id, row.protocol.slug): row for row in found}


def _health_sentence(
    subject: Subject, reading: PositionReading | None, limits: Sequence[Limit]
) -> str:
    what = _named(subject)
    if reading is None or not (reading.whole and reading.health_known):
        why = (reading.problem if reading else "") or "it was not read yet"
        return f"{what} is unknown: {why}"
    if reading.changed_at is not None and reading.read_at and reading.changed_at > reading.read_at:
        return f"{what} is unknown: a run may have changed it since it was read"
    if old := too_old(subject, what, reading.read_at, otherwise=OLDEST):
        return old
    highest = max(limits, key=lambda one: one.amount)
    if reading.health_factor is None or reading.health_factor >= highest.amount:
        return ""
    return (
        f"{what} is {factor_text(reading.health_factor)}, the limit "
        f"“{highest}” is {factor_text(highest.amount)}; repay or supply more there first"
    )


@dataclass(frozen=True, slots=True)
class Swing:
    """Nothing is bought or given whose price has moved more within a day than the limit."""

    name: str = VOLATILITY

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """Stored prices of all tokens, with one question."""
        if not any(one.kind == VOLATILITY for subject in subjects for one in subject.limits.rows):
            return ["" for _ in subjects]
        tokens = _tokens_of(subjects)
        asked = Valuation.of((network, address) for one in tokens for network, address in one)
        moved = volatilities(asked.tokens.values(), timezone.now())
        return [
            next(filter(None, (_swing_sentence(one, place, asked, moved) for place in found)), "")
            for one, found in zip(subjects, tokens, strict=True)
        ]


def _tokens_of(subjects: Sequence[Subject]) -> list[list[Place]]:
    """What each gives, lets others take, or brings; nothing of what only reduces."""
    found: list[list[Place]] = []
    for subject, params in zip(subjects, params_of(subjects), strict=True):
        tokens: dict[str, None] = {}
        if not is_spared(subject):
            tokens = dict.fromkeys((*given(subject, also_allowed=True), *_brought(subject, params)))
        found.append([(subject.row.network_id, address) for address in tokens])
    return found


def _brought(subject: Subject, params: Mapping[str, object]) -> tuple[str, ...]:
    return brought(subject, params) or ()


def _swing_sentence(
    subject: Subject, place: Place, asked: Valuation, moved: Mapping[int, Volatility]
) -> str:
    address = place[1]
    limits = [
        one
        for one in covering(subject, VOLATILITY, (address,))
        if one.scope_kind != ScopeKind.TOKEN or token_of(one) == address
    ]
    if not limits:
        return ""
    token = asked.tokens.get(place)
    volatility = moved.get(token.pk) if token is not None else None
    if volatility is None:
        return f"how the price of {token or address} moved today is unknown: too few prices stored"
    # A source falls silent when it matters most.
    if old := too_old(subject, f"the price of {token}", volatility.at, otherwise=OLDEST):
        return old
    lowest = min(limits, key=lambda one: one.amount)
    if volatility.swing <= lowest.amount:
        return ""
    return (
        f"the price of {token} swung by {percent(volatility.swing)} within a day, the limit "
        f"“{lowest}” is {percent(lowest.amount)}; it goes on once the market is calmer"
    )
