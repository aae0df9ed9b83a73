"""A forecast as it is told: an interval with its method, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isinf

from analytics.reports.numbers import usd
from analytics.reports.statistics import Interval, objection

COLUMNS = ("Forecast", "Low", "Middle", "High", "Unit", "Observations", "Method")


@dataclass(frozen=True, slots=True)
class Forecast:
    """`line` is a row of COLUMNS, empty where `problem` says why there is none."""

    line: tuple[str, ...] = ()
    problem: str = ""


def too_few(what: str, have: int, needed: int, kind: str) -> Forecast:
    """The sentence for too small a sample."""
    return Forecast(problem=f"{what}: no forecast, {have} of {needed} {kind} observed")


def doubt(what: str, observed: Sequence[float]) -> Forecast | None:
    """The sentence where the observations do not bear an interval."""
    found = objection(observed)
    return Forecast(problem=f"{what}: no forecast, {found}") if found else None


def told(what: str, found: Interval, unit: str, n: int, method: str) -> Forecast:
    """The line; nothing that is foretold here can be below zero."""
    ends = (max(0.0, found.low), max(0.0, found.middle), found.high)
    return Forecast((what, *(_number(one) for one in ends), unit, str(n), method))


def _number(value: float) -> str:
    return "no end" if isinf(value) else usd(Decimal(value))
