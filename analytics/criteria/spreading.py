"""The cheapest tasks that reach contracts, protocols or networks a wallet has not used yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from analytics.criteria.estimates import Estimate, Part
from analytics.criteria.fees import Fee, Way
from analytics.criteria.metric_models import TransactionMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.picking import Offer, pick
from analytics.criteria.reaching import SPREAD, Candidate, Item, Used, used_of
from protocols.models import Deployment
from scheduling.models import Task

type Picked = list[tuple[Offer[Candidate, Item], int]]


@dataclass(frozen=True, slots=True)
class Spreading:
    """By metric what tasks offer, and which protocols with contracts there have no task."""

    offers: Mapping[str, Sequence[Offer[Candidate, Item]]]
    fees: Mapping[Way, Fee]
    used: Used
    idle: Mapping[str, Sequence[str]]
    # Many wallets lack the same.
    kept: dict[tuple[str, int, frozenset[Item]], Picked] = field(default_factory=dict)

    def estimate(
        self, name: str, kind: TransactionMetric, missing: Decimal, wallet: int
    ) -> Estimate:
        """The cheapest first, so many as are missing; what no task reaches is said."""
        wanted = int(missing.to_integral_value(ROUND_CEILING))
        key = name, wanted, self.used.get((wallet, name), frozenset())
        if (picked := self.kept.get(key)) is None:
            picked = self.kept[key] = pick(wanted, key[2], self.offers[name])
        parts = tuple(self._part(kind, offer.what, count) for offer, count in picked)
        left = wanted - sum(count for _, count in picked)
        return Estimate(parts, self._problem(name, kind, left) if left else "")

    def is_new(self, name: str, task: Task, wallet: int) -> bool:
        """Whether a run of the task surely brings the wallet one that it has not used."""
        taken = self.used.get((wallet, name), frozenset())
        return any(one.what.task == task and one.brings(taken) for one in self.offers[name])

    def _part(self, kind: TransactionMetric, one: Candidate, count: int) -> Part:
        fee = self.fees[one.way].times(kind.at_least)
        return Part(one.task, kind.at_least, fee, Decimal(count), one.linked)

    def _problem(self, name: str, kind: TransactionMetric, left: int) -> str:
        what = kind.measure.removesuffix("s") if left == 1 else kind.measure
        said = f"no task here surely reaches {left} {what} more that the wallet has not used"
        if idle := self.idle[name]:
            said += f"; there is no task of {', '.join(idle)}"
        return said


def spreading_of(
    asking: Asking, candidates: Sequence[Candidate], fees: Mapping[Way, Fee]
) -> Spreading:
    """Two questions."""
    metrics = {
        name: kind
        for name, kind in asking.rules.metrics.items()
        if isinstance(kind, TransactionMetric)
        and kind.measure in SPREAD
        and kind.way is None
        and kind.after_first is None
    }
    if not metrics:
        return Spreading({}, fees, {}, {})
    offers = {name: _offers(kind, asking, candidates, fees) for name, kind in metrics.items()}
    offered = {name: {item for one in of for item in one.items} for name, of in offers.items()}
    return Spreading(
        offers, fees, used_of(asking, metrics, offered), _idle(asking, metrics, candidates)
    )


def _offers(
    kind: TransactionMetric,
    asking: Asking,
    candidates: Sequence[Candidate],
    fees: Mapping[Way, Fee],
) -> list[Offer[Candidate, Item]]:
    able = [(one, items) for one in candidates if (items := one.items(kind, asking))]
    prices = _prices([fees[one.way] for one, _ in able])
    return [
        # A protocol and a network are known from the task, whatever it calls.
        Offer(one, items, one.sure or kind.measure != "contracts", price)
        for (one, items), price in zip(able, prices, strict=True)
    ]


def _prices(fees: Sequence[Fee]) -> list[Decimal | None]:
    """In dollars; where no price is known, in the one coin that all are paid in."""
    if any(fee.dollars is not None for fee in fees):
        return [fee.dollars for fee in fees]
    symbols = {symbol for fee in fees for symbol in fee.coins}
    if len(symbols) != 1:
        return [None] * len(fees)
    (symbol,) = symbols
    return [fee.coins.get(symbol) for fee in fees]


def _idle(
    asking: Asking, metrics: Mapping[str, TransactionMetric], candidates: Sequence[Candidate]
) -> dict[str, list[str]]:
    """Enabled protocols with contracts on the metric's networks that no task is of."""
    rows = Deployment.objects.filter(
        enabled=True, protocol__enabled=True, network__in=set(asking.networks.values())
    ).order_by("protocol__slug")
    there = list(rows.values_list("protocol__slug", "network").distinct())
    having = {(one.way[0], one.way[2]) for one in candidates}
    found = {}
    for name, kind in metrics.items():
        here = {asking.networks[one] for one in kind.networks if one in asking.networks}
        allowed = [
            slug
            for slug, network in there
            if network in here
            and (slug, network) not in having
            and (not kind.protocols or slug in kind.protocols)
        ]
        found[name] = list(dict.fromkeys(allowed))
    return found
