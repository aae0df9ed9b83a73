"""What is missing for each wallet, and what it would cost to get there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.criteria.costs import Costs
from analytics.criteria.estimates import Estimate
from analytics.criteria.evaluation import TAKING
from analytics.criteria.metric_models import unit_of
from analytics.criteria.rule_sets import Rule, RuleSet
from analytics.criteria.standing import Standing
from analytics.models import Campaign


@dataclass(frozen=True, slots=True)
class Need:
    """A metric that a rule asks for: how much there is, how much is missing, what that costs."""

    metric: str
    text: str
    unit: str
    wanted: str
    found: tuple[Decimal, Decimal | None]
    missing: Decimal | None
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class RuleGap:
    """A rule and a wallet: reached, missing or unknown; `next` is the nearest one of its metric."""

    rule: Rule
    state: str
    needs: tuple[Need, ...]
    next: bool = False

    @property
    def cheapest(self) -> Need | None:
        """Any one need may do where a rule has several with an `or`: the one that costs least."""
        priced = [
            (one.estimate.dollars, place)
            for place, one in enumerate(self.needs)
            if one.estimate is not None and one.estimate.dollars is not None
        ]
        return self.needs[min(priced)[1]] if priced else None


def is_over(campaign: Campaign, rules: RuleSet, now: datetime) -> bool:
    """Whether the snapshot was taken: nothing that is done now counts any more."""
    taken = rules.snapshot or campaign.snapshot_at
    return taken is not None and taken <= now


def gaps_of(one: Standing, rules: RuleSet, costs: Costs, *, over: bool) -> list[RuleGap]:
    """Every rule, in its order."""
    known = {rule.name: rule for rule in rules.rules}
    found, seen = [], set[str]()
    for told in one.rules:
        if told["rule"] not in known:  # of another version of the rule set
            continue
        rule = known[told["rule"]]
        needs = tuple(_needs(told, one.wallet.pk, rule, rules, costs, over=over))
        state = _state(told["met"], rule)
        metrics = {need.metric for need in needs if need.missing is not None}
        nearest = state == "missing" and bool(metrics - seen)
        seen |= metrics
        found.append(RuleGap(rule, state, needs, nearest))
    return found


def _state(met: bool | None, rule: Rule) -> str:  # noqa: FBT001 - as it was kept
    if met is None:
        return "unknown"
    if rule.kind in TAKING:
        return "applies" if met else "clear"
    return "reached" if met else "missing"


def _needs(
    told: dict[str, Any], wallet: int, rule: Rule, rules: RuleSet, costs: Costs, *, over: bool
) -> Iterator[Need]:
    for ask in told["asks"]:
        plain = ask["metric"].rpartition(".")[2]
        if plain not in rules.metrics:
            continue
        metric = rules.metrics[plain]
        low, high = ask["found"]
        missing = None if ask["missing"] is None else Decimal(ask["missing"])
        wanted = missing is not None and told["met"] is not True and rule.kind not in TAKING
        estimate = None
        if missing and wanted and not over:
            asked = Decimal(low) + missing
            estimate = costs.estimate(ask["metric"], metric, missing, wallet=wallet, wanted=asked)
        yield Need(
            plain,
            metric.text or plain,
            unit_of(metric),
            ask["wanted"],
            (Decimal(low), None if high is None else Decimal(high)),
            missing,
            estimate,
        )
