"""Where an axis is divided: exact numbers for its labels."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

TICKS = 5
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Axis:
    """From low to high in equal steps."""

    low: Decimal
    high: Decimal
    step: Decimal

    @property
    def ticks(self) -> list[Decimal]:
        """Every one that gets a label."""
        return [
            self.low + n * self.step for n in range(int((self.high - self.low) / self.step) + 1)
        ]

    def share(self, value: Decimal) -> float:
        """How far up it is, 0 … 1: for a place in a picture, not for a number in it."""
        return float((value - self.low) / (self.high - self.low))

    def label(self, value: Decimal) -> str:
        """With as many decimals as the steps need, thousands apart."""
        places = max(0, -int(self.step.normalize().as_tuple().exponent))
        return f"{value:,.{places}f}"


def axis_of(values: list[Decimal], *, from_zero: bool, whole: bool = False) -> Axis:
    """The axis that has all of the values in it."""
    low, high = (min(values), max(values)) if values else (Decimal(0), Decimal(0))
    if from_zero:
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
    if low == high:
        margin = abs(high) / 10 or Decimal(1)
        low, high = low - (0 if from_zero else margin), high + margin
    step = _step((high - low) / TICKS)
    if whole:
        step = max(Decimal(1), step.to_integral_value(ROUND_CEILING))
    first = (low / step).to_integral_value(ROUND_FLOOR) * step
    last = (high / step).to_integral_value(ROUND_CEILING) * step
    return Axis(first, last, step)


def _step(wanted: Decimal) -> Decimal:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = Decimal(1).scaleb(wanted.adjusted())
    return next(one * power for one in _STEPS if one * power >= wanted)
