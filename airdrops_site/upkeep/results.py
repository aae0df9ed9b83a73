"""What a piece of upkeep came to."""

from dataclasses import dataclass, field
from typing import Any

from airdrops_site.operations import Noted, Outcome

MOST_FINDINGS = 100


class NotDone(Exception):
    """A piece of upkeep could not even begin."""


@dataclass(frozen=True, slots=True)
class Result:
    """A sentence, figures, what a person must look at, and what could not be found out."""

    summary: str
    findings: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """Findings count for more than what is unknown, and that for more than nothing."""
        if self.findings:
            return Outcome.FINDINGS
        return Outcome.UNKNOWN if self.unknown else Outcome.SUCCEEDED

    def write(self, noted: Noted) -> None:
        """Into the row of the operation."""
        noted.summary, noted.outcome = self.summary, self.outcome
        noted.figures = {
            **self.figures,
            "findings": self.findings[:MOST_FINDINGS],
            "unknown": self.unknown[:MOST_FINDINGS],
        }
