"""What `criteria list`, `show` and `check` answer: the rule sets themselves."""

from pathlib import Path
from typing import Any

from airdrops_site.answers import Answer, table
from analytics.criteria.library import Found, all_rule_sets, get_rule_set, read_rule_set
from analytics.criteria.metric_models import unit_of

_COLUMNS = ("Rule set", "Version", "What", "Confidence", "Whose", "Rules", "Snapshot")


def show_all(_options: dict[str, Any]) -> Answer:
    """Those there are."""
    facts = [_facts(found) for found in all_rule_sets()]
    lines = [tuple(str(value) for value in one.values()) for one in facts]
    return Answer(facts, (table("Rule sets", _COLUMNS, lines),))


def show_one(options: dict[str, Any]) -> Answer:
    """One in full: where it comes from, what it leaves open, its rules as published."""
    return _in_full(get_rule_set(options["rule_set"]))


def check(options: dict[str, Any]) -> Answer:
    """Whether a file can be used; nothing is kept."""
    return _in_full(read_rule_set(Path(options["file"])), "it can be used")


def _facts(found: Found) -> dict[str, Any]:
    rules = found.rules
    return {
        "slug": rules.slug,
        "version": rules.version,
        "title": rules.title,
        "confidence": rules.confidence,
        "whose": "own" if found.own else "shipped",
        "rules": len(rules.rules),
        "snapshot": rules.snapshot.isoformat() if rules.snapshot else "now",
    }


def _in_full(found: Found, done: str = "") -> Answer:
    rules = found.rules
    metrics = [
        {"metric": name, "of": one.of, "unit": unit_of(one), "text": one.text}
        for name, one in rules.metrics.items()
    ]
    told = [
        {"rule": rule.name, "kind": rule.kind, "when": rule.when, "text": rule.text}
        for rule in rules.rules
    ]
    facts = {
        **_facts(found),
        "source": str(rules.source),
        "unspecified": list(rules.unspecified),
        "metrics": metrics,
        "rules": told,
        "totals": rules.totals,
        "done": done,
    }
    said: list[Any] = [
        f"{rules.title} ({rules.slug} v{rules.version}, {rules.confidence}), from {rules.source}",
        *(f"open: {one}" for one in rules.unspecified),
        table("Metrics", ("Metric", "Of", "Unit", "What"), map(_texts, metrics)),
        table("Rules", ("Rule", "Kind", "When", "Text"), map(_texts, told)),
        *(f"{name} = {formula}" for name, formula in rules.totals.items()),
        done,
    ]
    return Answer(facts, tuple(part for part in said if part))


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in facts.values())
