"""The gate that does what is configured for the risk level, but for stopping."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from scheduling.gates.facts import action_of
from scheduling.gates.registry import Subject
from scheduling.models import RiskReading, RiskResponse
from scheduling.risk import OLDEST, latest_reading, response_to

A = RiskResponse.Action


@dataclass(frozen=True, slots=True)
class RiskGate:
    """`reduce` lets only what reduces begin and be signed, `pause` and `stop` nothing."""

    name: str = "risk"

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """One level for all."""
        if not RiskResponse.objects.exclude(action=A.NONE).exists():
            return ["" for _ in subjects]
        reading = latest_reading()
        if reading is None or timezone.now() - reading.at > OLDEST:
            return [_unknown(reading)] * len(subjects)
        response = response_to(reading.level)
        return [_sentence(one, reading, response) for one in subjects]


def _unknown(reading: RiskReading | None) -> str:
    at = f"since {reading.at:%Y-%m-%d %H:%M} UTC" if reading else "yet"
    return f"the risk level was not worked out {at}, and something is configured for it"


def _sentence(subject: Subject, reading: RiskReading, response: str) -> str:
    action = action_of(subject)
    may_reduce = response == A.REDUCE and action is not None and action.reduces
    if response == A.NONE or subject.finishes or may_reduce:
        return ""
    said = "only what reduces positions begins" if response == A.REDUCE else "nothing begins"
    reason = reading.reasons[0] if reading.reasons else "no reason is known"
    return f"the risk is {reading.level}, so {said}: {reason} (`manage.py risk show`)"
