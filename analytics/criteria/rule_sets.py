"""A rule set: what it measures, its rules as published, and what they come to."""

import difflib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, HttpUrl, PrivateAttr, model_validator

from analytics.criteria.formulas import Formula, FormulaError, Table, compile_formula
from analytics.criteria.metric_models import (
    GROUPED,
    Metric,
    Slug,
    Strict,
    TransactionMetric,
    needs_groups,
    networks_of,
)

KINDS = ("points", "amount", "attribute", "condition", "penalty", "disqualification")
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,48}$")]


class Rule(Strict):
    """One rule: `when` it is met it gives `gives` to its group, or takes it as a penalty."""

    name: Slug
    text: str = Field(min_length=1, max_length=1000, description="as the source has it")
    kind: Literal["points", "amount", "attribute", "condition", "penalty", "disqualification"] = (
        "points"
    )
    group: Slug = "points"
    when: str = "1"
    gives: str = "1"
    source: HttpUrl | None = None
    confidence: Literal["exact", "approximate"] | None = None


class RuleSet(Strict):
    """The rules of one airdrop, with where they come from and how far they can be trusted."""

    slug: Name
    version: int = Field(ge=1)
    title: str = Field(min_length=1, max_length=120)
    source: HttpUrl
    confidence: Literal["exact", "approximate"]
    unspecified: tuple[str, ...] = Field(
        default=(), description="what the source leaves open, and how it is read here"
    )
    symbol: str = Field(default="", max_length=20)
    snapshot: AwareDatetime | None = Field(default=None, description="left out it is now")
    moments: dict[Slug, AwareDatetime] = {}
    networks: dict[Slug, int] = Field(default={}, description="chain ids")
    blocks: dict[str, dict[Slug, int]] = Field(
        default={}, description="by moment: the first block of a network that counts no more"
    )
    tables: dict[Slug, list[tuple[Decimal, Decimal]]] = {}
    metrics: dict[Slug, Metric] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)
    totals: dict[Slug, str]

    _formulas: dict[str, Formula] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        _check_tables(self.tables)
        _check_names(self)
        for moment, found in self.blocks.items():
            _known(moment, ("snapshot", *self.moments), "blocks", "moments")
            for network in found:
                _known(network, self.networks, f"blocks.{moment}", "networks")
        for metric_name, metric in self.metrics.items():
            _check_networks(f"metrics.{metric_name}", metric, self.networks)
        if not {"points", "amount"} & self.totals.keys():
            raise ValueError("totals: there must be `points` or `amount`, what it all comes to")
        known = set(self.metrics)
        for where, text, own in _formula_texts(self):
            self._formulas[where] = self._read(where, text, known)
            known.add(own)
        return self

    def _read(self, where: str, text: str, known: set[str]) -> Formula:
        tables: Mapping[str, Table] = self.tables
        try:
            formula = compile_formula(text, tables)
        except FormulaError as error:
            raise ValueError(f"{where}: {error}") from None
        for name in sorted(formula.names):
            moment, _, plain = name.rpartition(".")
            if moment:
                _known(moment, self.moments, where, "moments")
            _known(plain, known, where, "metrics, rules and totals above it")
        groups = {rule.group for rule in self.rules}
        for group in sorted(formula.groups):
            _known(group, groups, where, "groups")
        return formula

    def formula(self, where: str) -> Formula:
        """Of `rules.name.when`, `rules.name.gives` or `totals.name`."""
        return self._formulas[where]

    @cached_property
    def by_moment(self) -> dict[str, frozenset[str]]:
        """Which rules and totals are asked about at each further moment."""
        return {moment: _asked_at(self, moment) for moment in self.moments}

    def metrics_at(self, moment: str) -> list[str]:
        """Which metrics are needed at a further moment; all of them at the snapshot."""
        if not moment:
            return list(self.metrics)
        return [name for name in self.metrics if name in self.by_moment[moment]]

    def block(self, moment: str, network: str) -> int | None:
        """The first block of a network that counts no more, where the source names it."""
        return self.blocks.get(moment or "snapshot", {}).get(network)

    def moment(self, name: str, now: datetime) -> datetime:
        """When that is; the snapshot for the empty name."""
        if name:
            return self.moments[name].astimezone(UTC)
        return self.snapshot.astimezone(UTC) if self.snapshot else now


def _formula_texts(rule_set: RuleSet) -> Iterator[tuple[str, str, str]]:
    """Where each formula stands, itself, and the name that it makes known."""
    for rule in rule_set.rules:
        yield f"rules.{rule.name}.when", rule.when, rule.name
        yield f"rules.{rule.name}.gives", rule.gives, rule.name
    for name, text in rule_set.totals.items():
        yield f"totals.{name}", text, name


def _asked_at(rule_set: RuleSet, moment: str) -> frozenset[str]:
    """All that must be worked out at the moment, back to the metrics."""
    formulas = {where: rule_set.formula(where) for where, _, _ in _formula_texts(rule_set)}
    wanted: set[str] = set()
    waiting = {
        name.partition(".")[2]
        for formula in formulas.values()
        for name in formula.names
        if name.startswith(f"{moment}.")
    }
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        for where, formula in formulas.items():
            if where.split(".")[1] == name:
                waiting |= {one for one in formula.names if "." not in one} - wanted
                waiting |= {
                    rule.name for rule in rule_set.rules if rule.group in formula.groups
                } - wanted
    return frozenset(wanted)


def _check_tables(tables: Mapping[str, list[tuple[Decimal, Decimal]]]) -> None:
    for name, lines in tables.items():
        if not lines:
            raise ValueError(f"tables.{name}: a table needs a line")
        for before, line in pairwise(lines):
            if not (before[0] < line[0] and before[1] <= line[1]):
                raise ValueError(f"tables.{name}: {line} does not rise above {before}")


def _check_networks(where: str, metric: Metric, known: Mapping[str, int]) -> None:
    for network in networks_of(metric):
        _known(network, known, where, "networks")
    if isinstance(metric, TransactionMetric):
        for network in metric.first_days:
            # A name that is none would leave all days in.
            _known(network, metric.networks, f"{where}.first_days", "metric's networks")


def _check_names(rule_set: RuleSet) -> None:
    names = [*rule_set.metrics, *(rule.name for rule in rule_set.rules), *rule_set.totals]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the name {name!r} is used twice; each names one thing")
    for name, metric in rule_set.metrics.items():
        grouped = isinstance(metric, TransactionMetric) and needs_groups(metric)
        if grouped and getattr(metric, "measure", "") not in GROUPED:
            raise ValueError(
                f"metrics.{name}: at_least and after_first go with {', '.join(GROUPED)}"
            )


def _known(name: str, among: object, where: str, what: str) -> None:
    names = [str(one) for one in among]  # type: ignore[attr-defined]
    if name in names:
        return
    close = difflib.get_close_matches(name, names, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ValueError(f"{where}: {name!r} is none of the {what}{hint}")
