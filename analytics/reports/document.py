"""What a report says, in no form yet: numbers as plain text, and sentences.

Every form is rendered from this alone, so all of them say the same numbers. A number that is
not known is empty and has its reason beside it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

USD = "USD"


class ChartKind(StrEnum):
    """How a chart is drawn."""

    LINE = "line"
    BARS = "bars"
    SHARES = "shares"


@dataclass(frozen=True, slots=True)
class Fact:
    """One number with its name; without a value, `problem` says why nobody knows it."""

    key: str
    label: str
    value: str
    unit: str = ""
    problem: str = ""

    @property
    def text(self) -> str:
        """As a person reads it."""
        if not self.value:
            return f"unknown: {self.problem}"
        return f"{self.value} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of plain texts; how many more there were is said, never hidden."""

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0

    @property
    def more(self) -> str:
        """How many rows are not told."""
        return f"and {self.left_out} more" if self.left_out else ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture's numbers: a value for each label, None where it is unknown."""

    key: str
    kind: ChartKind
    title: str
    unit: str
    labels: tuple[str, ...]
    values: tuple[str | None, ...]

    @property
    def alternative(self) -> str:
        """What whoever cannot see it is told."""
        known = [
            f"{label} {value}"
            for label, value in zip(self.labels, self.values, strict=True)
            if value
        ]
        gaps = len(self.values) - len(known)
        told = known if len(known) <= 4 else [known[0], "…", known[-1]]
        unknown = f"; {gaps} unknown" if gaps else ""
        return f"{self.title} in {self.unit}: {', '.join(told) or 'nothing known'}{unknown}"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report about one thing."""

    key: str
    title: str
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """All that a report says; times in UTC, `end` is not part of it any more."""

    kind: str
    title: str
    start: datetime
    end: datetime
    made_at: datetime
    campaign: str
    sections: tuple[Section, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is kept, and as the JSON file has it."""
        times = {name: getattr(self, name).isoformat() for name in ("start", "end", "made_at")}
        found: dict[str, Any] = json.loads(json.dumps(asdict(self) | times))
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of what it says, in hex."""
        return digest_of(self.as_json())

    @property
    def period(self) -> str:
        """Its time, as a person reads it."""
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"

    def facts(self) -> Iterator[tuple[Section, Fact]]:
        """All numbers that have a name."""
        for section in self.sections:
            for fact in section.facts:
                yield section, fact

    def fact(self, section: str, key: str) -> Fact | None:
        """One of them; None where the report does not say it."""
        told = (fact for one, fact in self.facts() if (one.key, fact.key) == (section, key))
        return next(told, None)


def digest_of(found: Mapping[str, Any]) -> str:
    """SHA-256 of the JSON without blanks, its names in order."""
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def document_from_json(found: Mapping[str, Any]) -> Document:
    """The document again; KeyError or TypeError for what is none."""
    times = {name: datetime.fromisoformat(found[name]) for name in ("start", "end", "made_at")}
    sections = tuple(_section(one) for one in found["sections"])
    return Document(**{**found, **times, "sections": sections})


def _section(found: Mapping[str, Any]) -> Section:
    return Section(
        found["key"],
        found["title"],
        tuple(Fact(**one) for one in found["facts"]),
        tuple(_table(one) for one in found["tables"]),
        tuple(_chart(one) for one in found["charts"]),
        tuple(found["notes"]),
    )


def _table(found: Mapping[str, Any]) -> Table:
    rows = tuple(tuple(row) for row in found["rows"])
    return Table(**{**found, "columns": tuple(found["columns"]), "rows": rows})


def _chart(found: Mapping[str, Any]) -> Chart:
    lists = {name: tuple(found[name]) for name in ("labels", "values")}
    return Chart(**{**found, **lists, "kind": ChartKind(found["kind"])})
