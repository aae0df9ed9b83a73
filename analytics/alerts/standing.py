"""The rules as they stand: what the code says, with what was set otherwise."""

from dataclasses import dataclass

from analytics.alerts.facts import Rule
from analytics.alerts.rules import RULES
from analytics.models import AlertRule


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A rule with what holds for it now."""

    rule: Rule
    enabled: bool
    threshold: int
    for_seconds: int
    severity: str
    route: str


def standing_rules() -> dict[str, StandingRule]:
    """All by name, in the order of the code; one query."""
    rows = {row.name: row for row in AlertRule.objects.all()}
    return {name: standing(rule, rows.get(name)) for name, rule in RULES.items()}


def standing(rule: Rule, row: AlertRule | None) -> StandingRule:
    """One, with its row if there is any."""
    row = row or AlertRule(name=rule.name)
    return StandingRule(
        rule,
        row.enabled,
        rule.threshold if row.threshold is None else row.threshold,
        rule.for_seconds if row.for_seconds is None else row.for_seconds,
        row.severity or rule.severity,
        row.route,
    )
