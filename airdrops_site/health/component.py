"""What a check finds, and what becomes of it in the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Facts = Mapping[str, Any]


class Severity(IntEnum):
    """How bad it is; also the exit code of `manage.py health`."""

    HEALTHY = 0
    DEGRADED = 1
    UNHEALTHY = 2

    @property
    def word(self) -> str:
        """As the answer says it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Component:
    """The state of one part.

    `public` is for everyone. `details` are laid over it, and `problems` (a sentence each: what,
    where, what to do) shown, only to whoever has the token.
    """

    public: Facts
    severity: Severity = Severity.HEALTHY
    details: Facts = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The state of everything at one moment."""

    at: datetime
    components: Mapping[str, Component]
    # Whom to call, in order; for those with the token.
    contacts: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        """That of the worst component."""
        return max(component.severity for component in self.components.values())

    @property
    def problems(self) -> list[str]:
        """Every component's sentences."""
        return [text for component in self.components.values() for text in component.problems]

    def as_json(self, *, details: bool = False) -> dict[str, Any]:
        """The answer of /health; its shape is fixed, details only add to it."""
        answer: dict[str, Any] = {
            "status": self.severity.word,
            "timestamp": show_time(self.at),
            "components": {name: dict(found.public) for name, found in self.components.items()},
        }
        if details:
            answer["components"] = {
                name: _merged(found.public, found.details)
                for name, found in self.components.items()
            }
            answer["problems"] = self.problems
            answer["contacts"] = list(self.contacts)
        return answer

    def component_as_json(self, name: str, *, details: bool = False) -> dict[str, Any]:
        """The answer of /health/<component>: the same facts, of one."""
        part = self.components[name]
        answer: dict[str, Any] = {"status": part.severity.word, "timestamp": show_time(self.at)}
        answer["component"] = _merged(part.public, part.details if details else {})
        if details:
            answer["problems"] = list(part.problems)
        return answer


def show_time(moment: datetime | None) -> str | None:
    """A moment to the second, in UTC: 2025-06-02T20:24:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _merged(public: Facts, details: Facts) -> dict[str, Any]:
    merged = dict(public)
    for name, value in details.items():
        known = merged.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            value = _merged(known, value)
        merged[name] = value
    return merged
