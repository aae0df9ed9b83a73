"""The little statistics that forecasts need; floats are only in here.

Intervals are prediction intervals of level 95 % under independent, normal noise: the next value
is in them 19 times of 20. What does not look so gets no forecast.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp, inf, lgamma, log, sqrt
from statistics import fmean, stdev

LEVEL = 0.95
_TINY = 1e-300
_FAR = 1e6


@dataclass(frozen=True, slots=True)
class Interval:
    """Low, middle and high, in the unit of the observations."""

    low: float
    middle: float
    high: float


@cache
def t_quantile(p: float, freedom: int) -> float:
    """Where Student's t with so many degrees of freedom has the share `p` (0.5 … 1) below it."""
    return _root(lambda x: _t_below(x, freedom) - p, 0.0, _FAR)


def _t_below(x: float, freedom: int) -> float:
    tail = _beta_share(freedom / (freedom + x * x), freedom / 2, 0.5) / 2
    return 1 - tail


def _beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function by its continued fraction (Numerical Recipes)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's evaluation."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return result


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is zero, by halving."""
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def sum_of_next(observed: Sequence[float], coming: int = 1) -> Interval:
    """What the next so many observations add up to: t-interval around their mean.

    The noise of what comes, and that of the mean itself, are both in it.
    """
    n, mean = len(observed), fmean(observed)
    width = t_quantile((1 + LEVEL) / 2, n - 1) * stdev(observed)
    half = width * sqrt(coming + coming * coming / n)
    return Interval(coming * mean - half, coming * mean, coming * mean + half)


def lasts(stock: float, spent: Sequence[float]) -> Interval:
    """How many observations like these a stock lasts: when their sum's interval reaches it.

    The latest may be without end.
    """
    n, mean = len(spent), fmean(spent)
    width = t_quantile((1 + LEVEL) / 2, n - 1) * stdev(spent)

    def needed(days: float, sign: int) -> float:
        return days * mean + sign * width * sqrt(days + days * days / n) - stock

    latest = _latest(lambda days: needed(days, -1))
    return Interval(_root(lambda days: needed(days, 1), 0.0, _FAR), stock / mean, latest)


def _latest(falls_first: Callable[[float], float]) -> float:
    """The last crossing: the lower edge of a sum sinks before it rises."""
    return inf if falls_first(_FAR) < 0 else _root(falls_first, 0.0, _FAR)


def moves_of(prices: Sequence[float]) -> list[float]:
    """The logarithms of each price over the one before; all of them above zero."""
    return [log(later / earlier) for earlier, later in pairwise(prices)]


def log_moves(moves: Sequence[float], coming: int) -> Interval:
    """The factor on a price after so many steps: its middle is one, its noise that of the moves.

    No drift is assumed: what a few weeks of prices say of that is noise.
    """
    n = len(moves)
    spread = sqrt(sum(move * move for move in moves) / n)
    half = t_quantile((1 + LEVEL) / 2, n) * spread * sqrt(coming)
    return Interval(exp(-half), 1.0, exp(half))


def objection(observed: Sequence[float]) -> str:
    """Why the observations do not look like independent, normal noise; empty where they do."""
    n, mean, spread = len(observed), fmean(observed), stdev(observed)
    if not spread:
        return ""
    scaled = [(one - mean) / spread for one in observed]
    # Of independent noise one in a hundred looks so.
    follows = sum(a * b for a, b in pairwise(scaled)) / (n - 1)
    if abs(follows) > 2.576 / sqrt(n):
        return f"each depends on the one before (correlation {follows:.2f}), or there is a trend"
    skew = sum(one**3 for one in scaled) / n
    tails = sum(one**4 for one in scaled) / n - 3
    if n * (skew * skew + tails * tails / 4) / 6 > 9.21:  # Jarque-Bera, one in a hundred
        return "single ones are far from the rest, so that no normal interval would hold"
    return ""
