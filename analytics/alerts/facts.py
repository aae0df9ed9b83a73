"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from analytics.models.alerts import Severity


@dataclass(frozen=True, slots=True)
class Fact:
    """That a rule holds of a subject: a name of ours, never an address or a URL."""

    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a rule is asked with; `threshold` is in its own unit."""

    now: datetime
    threshold: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong; the number of its queries does not depend on that of rows.

    `unit` says what the threshold is counted in; a rule without one has none. One that does not
    `resolve` tells of an event, and nothing when that is over.
    """

    name: str
    title: str
    severity: Severity
    look: Callable[[Look], Iterable[Fact]]
    advice: str
    threshold: int = 0
    unit: str = ""
    for_seconds: int = 0
    resolves: bool = True
    # More than a sentence about a subject, asked for when a message is written.
    tell: Callable[[str], str] | None = None
