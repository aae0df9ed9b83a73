"""Figures that only a higher floor knows: it provides them, the gates ask for them.

Who is not there, and what is not known, holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

# What nobody has added up, or read, for so long is unknown, where no limit says otherwise.
OLDEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or the sentence that says why nobody knows it."""

    value: int | None = None
    problem: str = ""
    # How old the oldest of what it was worked out from is.
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """What all is worth together, and how much of it is where; in US cents.

    Protocols by slug: what is inside them, debts not taken off. Networks by slug, tokens by
    `network:address`, assets by symbol, over all networks: what is owed is taken off.
    """

    total: Figure
    # How old the oldest of what it was added up from is.
    as_of: datetime | None = None
    protocols: Mapping[str, int] = field(default_factory=dict)
    networks: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    symbols: Mapping[str, int] = field(default_factory=dict)


# By task, and the slug of each campaign that it belongs to: what the campaign has cost.
Costs = Mapping[int, Mapping[str, Figure]]


class Provider(Protocol):
    """Who knows; asked inside signing transactions, so from the database only."""

    def exposure(self) -> Exposure:
        """As it was last added up."""
        ...

    def day_loss(self) -> Figure:
        """US cents lost since the day (UTC) began; below zero where something was won."""
        ...

    def costs(self, task_ids: Iterable[int]) -> Costs:
        """What the tasks' campaigns have cost, in US cents."""
        ...


class _Nobody:
    """Stands where no floor above has registered."""

    _SENTENCE = "no part of this program provides the figure; it cannot be relied on"

    def exposure(self) -> Exposure:
        """Unknown."""
        return Exposure(self.day_loss())

    def day_loss(self) -> Figure:
        """Unknown."""
        return Figure(None, self._SENTENCE)

    def costs(self, task_ids: Iterable[int]) -> Costs:
        """Unknown, whatever the campaign."""
        return {task: {"?": self.day_loss()} for task in task_ids}


_provider: list[Provider] = []


def provide(provider: Provider | None) -> None:
    """Have the gates ask this one; None takes it away."""
    _provider[:] = [provider] if provider is not None else []


def provider() -> Provider:
    """Whoever knows, or one who knows nothing."""
    return _provider[0] if _provider else _Nobody()


def dollars(cents: int) -> str:
    """US cents as a person reads them."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02} USD"


def percent(bps: int) -> str:
    """Basis points as a person reads them."""
    return f"{bps // 100}.{bps % 100:02} %"


def share_of(part: int, total: int) -> int:
    """In basis points, rounded up: a share is never told too low."""
    return -(-part * 10_000 // total)
