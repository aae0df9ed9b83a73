"""What is answered of a portfolio: numbers, or a sentence that says why there is none."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from analytics.flows import Money

# A statistic has no more digits than a float; kept as decimals so that it is shown as it is.
PLACES = 10


class PortfolioError(Exception):
    """What was asked cannot be measured: one sentence about what to ask instead."""


class Point(NamedTuple):
    """What all was worth at a moment, and what came from outside since the point before it.

    US cents, below zero where more went out; None is unknown.
    """

    at: datetime
    cents: int | None
    flow_cents: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A number, or the sentence that says why nobody knows it."""

    value: Decimal | None
    problem: str = ""

    @classmethod
    def of(cls, number: float | Decimal) -> "Measure":
        """Rounded to ten places."""
        return cls(Decimal(f"{number:.{PLACES}f}"))


@dataclass(frozen=True, slots=True)
class Hole:
    """Days (UTC), the last one included, of which no value is known."""

    first: date
    last: date
    why: str


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak, as a share of it; `recovered_at` is None while it lasts."""

    depth: Decimal
    peak_at: datetime
    bottom_at: datetime
    recovered_at: datetime | None
    # The longest time below an earlier peak, of this fall or of another.
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A coin held instead: `worth` is what the same money at the same times would be worth."""

    symbol: str
    token: str
    twr: Measure
    worth: Money
    correlation: Measure
    beta: Measure


NOTHING = "fewer than two known values lie in that time"
UNKNOWN, UNKNOWN_MONEY = Measure(None, NOTHING), Money(None, NOTHING)


@dataclass(frozen=True, slots=True)
class Measures:
    """How it went between two moments. Rates are shares: 0.05 is five percent.

    `twr` and `mwr_period` are of the whole period; `mwr`, `volatility` and `sharpe` of a year.
    `returns` says from how many daily returns the statistics are made.
    """

    start: datetime
    end: datetime
    opening: Point | None = None
    closing: Point | None = None
    flows: Money = UNKNOWN_MONEY
    gain: Money = UNKNOWN_MONEY
    twr: Measure = UNKNOWN
    mwr: Measure = UNKNOWN
    mwr_period: Measure = UNKNOWN
    volatility: Measure = UNKNOWN
    sharpe: Measure = UNKNOWN
    max_drawdown: Measure = UNKNOWN
    current_drawdown: Measure = UNKNOWN
    drawdown: Drawdown | None = None
    returns: int = 0
    holes: tuple[Hole, ...] = ()
    hhi: dict[str, Measure] = field(default_factory=dict)
    benchmarks: tuple[Benchmark, ...] = ()
    notes: tuple[str, ...] = ()
