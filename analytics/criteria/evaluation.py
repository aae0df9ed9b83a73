"""Rules over what was measured: where a wallet stands by each, and what it comes to.

Everything is a range: what nobody knows widens it, and nothing is guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.formulas import Asked, Formula, is_met
from analytics.criteria.metric_models import is_whole, unit_of
from analytics.criteria.metrics import measure
from analytics.criteria.metrics.asking import Asking, Coverage
from analytics.criteria.metrics.transactions import Key
from analytics.criteria.ranges import Range
from analytics.criteria.rule_sets import Rule, RuleSet
from analytics.criteria.words import bounds, plain
from wallets.models import Wallet

ELIGIBLE, NOT_ELIGIBLE, UNKNOWN = "eligible", "not_eligible", "unknown"
# What a rule of this kind takes away is lost by being met.
TAKING = ("penalty", "disqualification")


@dataclass(frozen=True, slots=True)
class Ask:
    """One comparison of a rule: what was asked of the metric, what was found, what is missing.

    `missing` is None where nothing is, or where it cannot be said because `found` is unknown.
    """

    metric: str
    unit: str
    sign: str
    wanted: Decimal
    found: Range
    missing: Decimal | None


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """Whether a rule is met (None: nobody knows), what it gives, and each thing it asks."""

    rule: str
    met: bool | None
    gives: Range
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class WalletStanding:
    """Where a wallet stands; `points` and `amount` (in tokens) are None where none are counted."""

    wallet: int
    status: str
    points: Range | None
    amount: Range | None
    rules: tuple[RuleStanding, ...]
    unread: tuple[str, ...] = ()


def evaluate(
    rules: RuleSet,
    *,
    wallets: Iterable[int] | None = None,
    now: datetime | None = None,
    assume_complete: bool = False,
) -> list[WalletStanding]:
    """Every wallet, or these, against the rules; in the order of their numbers.

    `assume_complete`: a person says that the histories have all there is, read or not.
    """
    chosen = None if wallets is None else sorted(wallets)
    asking = Asking.of(
        rules, now=now or timezone.now(), wallets=chosen, assume_complete=assume_complete
    )
    keys = chosen
    if keys is None:
        keys = list(Wallet.objects.order_by("pk").values_list("pk", flat=True))
    judge = Judge(rules)
    with localcontext(prec=ranges.PRECISION):
        measured = measure(asking, keys)
        return [judge.stand(wallet, measured.values[wallet], measured.coverage) for wallet in keys]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule with its formulas, and the names of all that it depends on."""

    rule: Rule
    when: Formula
    worth: Formula
    reads: tuple[str, ...]


class Judge:
    """The rules of a set, made ready once for many wallets.

    Wallets often have the same figures: what a rule comes to is kept by what it depends on.
    """

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self._rules = [_ready(rules, rule) for rule in rules.rules]
        self._totals = [(name, rules.formula(f"totals.{name}")) for name in rules.totals]
        self._units = {name: unit_of(metric) for name, metric in rules.metrics.items()}
        self._whole = {name for name, metric in rules.metrics.items() if is_whole(metric)}
        self._groups = {
            f"{what}:{group}"
            for formula in (
                *(one for ready in self._rules for one in (ready.when, ready.worth)),
                *(formula for _, formula in self._totals),
            )
            for group in formula.groups
            for what in ("met", "given")
        }
        self._kept: dict[tuple[str, tuple[Range, ...]], tuple[Range, RuleStanding]] = {}

    def stand(
        self, wallet: int, measured: Mapping[Key, Range], coverage: Coverage
    ) -> WalletStanding:
        """Of one wallet, from what was measured of it."""
        values: dict[str, Range] = {}
        for moment in self.rules.moments:
            then = self._at(moment, measured)
            values.update({f"{moment}.{name}": found for name, found in then.items()})
        values.update({name: found for (moment, name), found in measured.items() if not moment})
        rules = self._follow(values, None)
        return WalletStanding(
            wallet,
            _status(values),
            values.get("points"),
            values.get("amount"),
            tuple(rules),
            tuple(coverage.unread(wallet)),
        )

    def _at(self, moment: str, measured: Mapping[Key, Range]) -> dict[str, Range]:
        """The values at a further moment, as far as they are asked about."""
        values = {name: found for (when, name), found in measured.items() if when == moment}
        self._follow(values, self.rules.by_moment[moment])
        return values

    def _follow(
        self, values: dict[str, Range], wanted: frozenset[str] | None
    ) -> list[RuleStanding]:
        """Add what rules and totals come to; where each rule stands."""
        values.update(dict.fromkeys(self._groups, ranges.NO))
        standings = []
        for ready in self._rules:
            rule = ready.rule
            if wanted is not None and rule.name not in wanted:
                continue
            values[rule.name], standing = self._apply(ready, values)
            standings.append(standing)
            for key, more in (
                (f"met:{rule.group}", values[rule.name]),
                (f"given:{rule.group}", standing.gives),
            ):
                if key in self._groups and more is not ranges.NO:
                    values[key] = ranges.add(values[key], more)
        for name, formula in self._totals:
            if wanted is None or name in wanted:
                values[name] = formula.value(values)
        return standings

    def _apply(self, ready: _Ready, values: dict[str, Range]) -> tuple[Range, RuleStanding]:
        """Whether the rule is met, and what it gives."""
        key = ready.rule.name, tuple([values[name] for name in ready.reads])
        if (kept := self._kept.get(key)) is not None:
            return kept
        met = is_met(ready.when.value(values))
        gives = ranges.NO if met is False else ready.worth.value(values)
        if met is None:
            gives = ranges.hull(ranges.NO, gives)
        truth = ranges.MAYBE if met is None else ranges.YES if met else ranges.NO
        found = truth, RuleStanding(ready.rule.name, met, gives, self._asks(ready.when, values))
        self._kept[key] = found
        return found

    def _asks(self, when: Formula, values: Mapping[str, Range]) -> tuple[Ask, ...]:
        return tuple(
            Ask(
                asked.name,
                self._units[plain],
                asked.sign,
                asked.number,
                values[asked.name],
                _missing(asked, values[asked.name], whole=plain in self._whole),
            )
            for asked in when.asked
            for plain in (asked.name.rpartition(".")[2],)
            if plain in self._units
        )


def _ready(rules: RuleSet, rule: Rule) -> _Ready:
    when = rules.formula(f"rules.{rule.name}.when")
    worth = rules.formula(f"rules.{rule.name}.gives")
    groups = {f"{what}:{one}" for one in when.groups | worth.groups for what in ("met", "given")}
    return _Ready(rule, when, worth, tuple(sorted(when.names | worth.names | groups)))


def _status(values: Mapping[str, Range]) -> str:
    """By `eligible` where the rules have it; otherwise by whether anything comes of it."""
    name = next(name for name in ("eligible", "amount", "points") if name in values)
    met = is_met(values[name])
    return UNKNOWN if met is None else ELIGIBLE if met else NOT_ELIGIBLE


def _missing(asked: Asked, found: Range, *, whole: bool) -> Decimal | None:
    """How much more of it would do; what has to be less cannot be made so."""
    low, high = found
    if asked.sign not in (">", ">=", "=="):
        return None
    wanted = asked.number
    if asked.sign == ">" and whole:
        wanted = wanted // 1 + 1
    enough = low > wanted if asked.sign == ">" and not whole else low >= wanted
    if enough or (high > low and high >= wanted):
        return None
    return wanted - low


def as_json(standing: WalletStanding) -> list[dict[str, Any]]:
    """Its rules as an eligibility keeps them; numbers as text, None for no bound."""
    return [
        {
            "rule": one.rule,
            "met": one.met,
            "gives": bounds(one.gives),
            "asks": [
                {
                    "metric": ask.metric,
                    "unit": ask.unit,
                    "wanted": f"{ask.sign} {plain(ask.wanted)}",
                    "found": bounds(ask.found),
                    "missing": None if ask.missing is None else plain(ask.missing),
                }
                for ask in one.asks
            ],
        }
        for one in standing.rules
    ]
