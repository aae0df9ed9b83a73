"""The risk level as the dashboard shows it."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from scheduling.gates.figures import dollars
from scheduling.models import RiskLevel, RiskReading
from scheduling.risk import OLDEST, latest_reading

TOLD = 5


@dataclass(frozen=True, slots=True)
class RiskPanel:
    """The newest reading, if there is one."""

    reading: RiskReading | None

    @property
    def alarms(self) -> bool:
        """Whether it asks for somebody."""
        return self.reading is not None and self.reading.level in (
            RiskLevel.HIGH,
            RiskLevel.CRITICAL,
        )

    @property
    def is_old(self) -> bool:
        """Whether nobody works it out any more."""
        return self.reading is not None and timezone.now() - self.reading.at > OLDEST

    @property
    def reasons(self) -> list[str]:
        """The worst ones."""
        return self.reading.reasons[:TOLD] if self.reading else []

    @property
    def more(self) -> int:
        """How many there are beside."""
        return max(0, len(self.reading.reasons) - TOLD) if self.reading else 0

    @property
    def equity(self) -> str:
        """What all is worth."""
        return self._dollars("equity_cents")

    @property
    def loss(self) -> str:
        """What was lost that day."""
        return self._dollars("day_loss_cents")

    def _dollars(self, name: str) -> str:
        cents: Any = self.reading.figures.get(name) if self.reading else None
        return "unknown" if cents is None else dollars(int(cents))


def risk_panel() -> RiskPanel:
    """One question."""
    return RiskPanel(latest_reading())
