"""Statistics of returns: how much they scatter, what they paid for it, how deep they fell."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from analytics.numeric import np
from analytics.portfolio.values import Drawdown, Measure

# Coins trade on every day of the year.
DAYS_A_YEAR = 365
# With fewer daily returns a statistic says nothing.
FEWEST = 7
Index = Sequence[tuple[datetime, Decimal]]


def volatility(returns: Sequence[float]) -> Measure:
    """The sample's standard deviation of daily returns, times the root of 365."""
    if problem := _too_few(returns):
        return Measure(None, problem)
    return Measure.of(float(np.std(returns, ddof=1)) * DAYS_A_YEAR**0.5)


def sharpe(returns: Sequence[float], risk_free: Decimal) -> Measure:
    """Mean daily return above the risk-free one, over their deviation, times the root of 365.

    `risk_free` is of a year; a day's is the 365th root of its factor, so both are of one day.
    """
    if problem := _too_few(returns):
        return Measure(None, problem)
    above = np.array(returns) - ((1 + float(risk_free)) ** (1 / DAYS_A_YEAR) - 1)
    deviation = float(np.std(above, ddof=1))
    # Equal numbers differ by their last digits once they were subtracted from.
    if deviation < np.finfo(float).eps * max(1.0, float(np.abs(above).max())):
        return Measure(None, "the daily returns do not differ, so there is no risk to divide by")
    return Measure.of(float(above.mean()) / deviation * DAYS_A_YEAR**0.5)


def correlation(ours: Sequence[float], others: Sequence[float]) -> Measure:
    """Pearson's, of daily returns of the same days."""
    if problem := _too_few(ours) or _still(ours, others):
        return Measure(None, problem)
    return Measure.of(float(np.corrcoef(ours, others)[0, 1]))


def beta(ours: Sequence[float], others: Sequence[float]) -> Measure:
    """How much ours moved for each percent of the other: covariance over its variance."""
    if problem := _too_few(ours) or _still(others):
        return Measure(None, problem)
    both = np.cov(ours, others, ddof=1)
    return Measure.of(float(both[0, 1] / both[1, 1]))


def _still(*series: Sequence[float]) -> str:
    moved = all(max(one) - min(one) > np.finfo(float).eps for one in series)
    return "" if moved else "one of both did not move on any of the days"


def _too_few(returns: Sequence[float]) -> str:
    if len(returns) >= FEWEST:
        return ""
    return f"it takes {FEWEST} daily returns in a row of a day each; {len(returns)} are known"


def drawdown(index: Index) -> tuple[Drawdown | None, Decimal]:
    """The deepest fall of an index and how far below its peak it is now, as shares of the peak."""
    peak_at, peak = index[0]
    deepest = (Decimal(0), peak_at, peak_at)
    longest, depth = timedelta(0), Decimal(0)
    for at, value in index[1:]:
        if value >= peak:
            # Time is under water only where something was below the peak.
            longest = max(longest, at - peak_at) if depth else longest
            peak_at, peak, depth = at, value, Decimal(0)
            continue
        fallen = 1 - value / peak
        depth = max(depth, fallen)
        if fallen > deepest[0]:
            deepest = (fallen, peak_at, at)
    now = 1 - index[-1][1] / peak
    if not deepest[0]:
        return None, now
    longest = max(longest, index[-1][0] - peak_at) if depth else longest
    recovered = _recovered(index, deepest[1], deepest[2])
    return Drawdown(*deepest, recovered, longest), now


def _recovered(index: Index, peak_at: datetime, bottom_at: datetime) -> datetime | None:
    peak = dict(index)[peak_at]
    return next((at for at, value in index if at > bottom_at and value >= peak), None)


def concentration(parts: Mapping[str, int]) -> Measure:
    """Herfindahl's index: the sum of squared shares, 1 where all is in one; debts left out."""
    held = [float(cents) for cents in parts.values() if cents > 0]
    if not held:
        return Measure(None, "nothing is held that could be divided")
    shares = np.array(held) / sum(held)
    return Measure.of(float(shares @ shares))
