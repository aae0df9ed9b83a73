"""Where all of it is, as it was last written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Literal, get_args

from django.db.models import Subquery

from analytics.models import EquityPoint, Rollup
from analytics.portfolio import risk
from analytics.portfolio.returns import DIGITS
from analytics.portfolio.values import Measure, PortfolioError
from wallets.models import Network, Token, Wallet
from wallets.transactions.limits import token_scope

By = Literal["protocol", "network", "token", "wallet"]
BY: tuple[By, ...] = get_args(By)
# Under which name a point keeps it.
_PART = {"protocol": "places", "network": "networks", "token": "tokens", "wallet": "wallets"}
IN_WALLETS, NOBODYS = "in wallets", "of no wallet"
# Where it was earlier says nothing of a moment.
OLDEST = timedelta(days=3)
NEVER = "nothing was added up yet; the workers do it (AIRDROPS_FIGURE_SECONDS)"


@dataclass(frozen=True, slots=True)
class Part:
    """US cents, rounded up, below zero where more is owed; `share` is of all that is held."""

    key: str
    name: str
    cents: int
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The largest first; `unknown` has a sentence for each part that could not be added up."""

    by: By
    at: datetime
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    hhi: Measure


def distribution(by: str, at: datetime | None = None) -> Distribution:
    """The newest there is, or the newest until `at`; PortfolioError where there is none."""
    if by not in _PART:
        raise PortfolioError(f"there is no distribution by {by}; ask for one of {', '.join(BY)}")
    return distributions((by,), at)[0]  # type: ignore[arg-type]


def distributions(wanted: tuple[By, ...], at: datetime | None = None) -> list[Distribution]:
    """Several of one point: one question, and one for each kind of names."""
    point = _point(at)
    if point is None:
        raise PortfolioError(NEVER)
    return [_distribution(by, point) for by in wanted]


def concentrations(at: datetime) -> dict[str, Measure]:
    """Herfindahl's index by each, of the newest point until then; of a day's last when cleaned."""
    point = _point(at)
    parts = {by: point.parts.get(_PART[by], {}) for by in BY} if point else _rolled_up(at)
    return {by: risk.concentration(parts.get(by, {})) for by in BY}


def _rolled_up(at: datetime) -> Mapping[str, dict[str, int]]:
    """What was where at the newest end of a day until then of which sums are kept."""
    kept = Rollup.objects.filter(metric=Rollup.Metric.PARTS, last_at__lte=at)
    newest = kept.filter(starts_at__gt=at - OLDEST).order_by("-starts_at").values("starts_at")[:1]
    found: dict[str, dict[str, int]] = {}
    names = ("subject", "protocol", "network", "token", "wallet", "last")
    for by, *key, cents in kept.filter(starts_at=Subquery(newest)).values_list(*names):
        found.setdefault(by, {})[":".join(key)] = cents or 0
    return found


def _point(at: datetime | None) -> EquityPoint | None:
    rows = EquityPoint.objects.order_by("-at", "-id")
    return (rows.filter(at__lte=at) if at else rows).first()


def _distribution(by: By, point: EquityPoint) -> Distribution:
    found: dict[str, int] = point.parts.get(_PART[by], {})
    held = sum(cents for cents in found.values() if cents > 0)
    names = _names(by, found)
    with localcontext(prec=DIGITS):
        parts = [
            Part(key, names.get(key, key), cents, Decimal(cents) / held if held else None)
            for key, cents in found.items()
            if cents
        ]
    told = tuple(point.parts.get("unknown", ())) or ((point.problem,) if point.problem else ())
    largest = tuple(sorted(parts, key=lambda part: (-part.cents, part.key)))
    return Distribution(by, point.at, largest, told, risk.concentration(found))


def _names(by: By, found: Mapping[str, int]) -> dict[str, str]:
    """How a person calls them."""
    if by == "protocol":
        return {"": IN_WALLETS}
    if by == "network":
        return dict(Network.objects.values_list("slug", "name"))
    if by == "wallet":
        return {"": NOBODYS, **dict(Wallet.objects.values_list("address", "label"))}
    tokens = Token.objects.select_related("network")
    return {token_scope(row.network.slug, row.address): str(row) for row in tokens}
