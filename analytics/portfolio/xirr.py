"""Money-weighted return: the yearly rate at which all payments come to nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime

from analytics.numeric import np

YEAR_SECONDS = 365 * 86_400
# Over the whole period money may grow or shrink by a factor of e^600; most grow by little.
WIDEST = 7.1
GRID = 1_001
# So many rates at once: there may be a hundred thousand payments.
BLOCKS = 40
STEPS = 200
type Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]
Payments = Sequence[tuple[datetime, float]]


class NoRate(Exception):
    """There is no such rate, or more than one: the sentence says which."""


def xirr(payments: Payments) -> float:
    """The rate of a year of 365 days; paid in below zero, taken out above.

    Found by bisection between neighbours of a grid where the sum changes its sign: every such
    place is looked at, so that of several rates none is taken for the only one.
    """
    return rates(payments)[0]


def rates(payments: Payments) -> tuple[float, float]:
    """Of a year, and the same for the time from the first payment to the last.

    That of a year is infinite where no float holds it: a few percent within minutes.
    """
    found, years = _log_rate(payments), _years(payments)
    with np.errstate(over="ignore"):
        return float(np.expm1(found)), float(np.expm1(found * years[-1]))


def _log_rate(payments: Payments) -> float:
    years = _years(payments)
    amounts = np.array([amount for _, amount in payments])
    if not (amounts > 0).any() or not (amounts < 0).any():
        raise NoRate("no rate fits: money only went one way")
    if years[-1] <= 0:
        raise NoRate("no rate fits: all was at one moment")
    # Scaled, so that what is called nothing does not depend on how much money it is.
    amounts = amounts / np.abs(amounts).max()
    found = _roots(amounts, years)
    if not found:
        raise NoRate("no rate fits these payments")
    if len(found) > 1:
        rates = ", ".join(f"{np.expm1(one):.4%}" for one in found)
        raise NoRate(f"{len(found)} rates fit these payments: {rates} a year")
    return found[0]


def _years(payments: Payments) -> Numbers:
    first = payments[0][0]
    return np.array([(at - first).total_seconds() / YEAR_SECONDS for at, _ in payments])


def _roots(amounts: Numbers, years: Numbers) -> list[float]:
    """Every logarithm of 1 + rate at which the discounted sum crosses zero."""

    def worth(rate: float) -> float:
        return float(amounts @ np.exp(-rate * years))

    grid = np.sinh(np.linspace(-WIDEST, WIDEST, GRID)) / years[-1]
    blocks = np.array_split(grid, BLOCKS)
    signs = np.sign(np.concatenate([np.exp(-np.outer(one, years)) @ amounts for one in blocks]))
    exact = [float(rate) for rate in grid[signs == 0]]
    crossed = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    between = [_bisected(worth, float(grid[n]), float(grid[n + 1])) for n in crossed]
    return sorted([*exact, *between])


def _bisected(worth: Callable[[float], float], low: float, high: float) -> float:
    sign = worth(low) > 0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if (worth(middle) > 0) == sign:
            low = middle
        else:
            high = middle
    return (low + high) / 2
