"""Intervals beside an independent calculation, and how often what comes lies in them."""

from collections.abc import Callable
from math import exp, inf, log

import numpy as np
import pytest
from scipy import stats

from analytics.reports.statistics import (
    Interval,
    lasts,
    log_moves,
    moves_of,
    objection,
    sum_of_next,
    t_quantile,
)

RANDOM = np.random.default_rng(7)
TIMES = 1500


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 29, 88, 400])
@pytest.mark.parametrize("p", [0.6, 0.9, 0.975, 0.995])
def test_quantiles_are_those_of_scipy(p: float, freedom: int) -> None:
    assert t_quantile(p, freedom) == pytest.approx(stats.t.ppf(p, freedom), rel=1e-9)


def test_the_interval_of_the_next_is_the_textbooks() -> None:
    observed = [12.0, 15.0, 11.0, 14.0, 13.0, 16.0, 12.0, 15.0]
    half = stats.t.ppf(0.975, 7) * np.std(observed, ddof=1) * (1 + 1 / 8) ** 0.5
    found = sum_of_next(observed)
    assert found.middle == pytest.approx(13.5)
    assert (found.low, found.high) == pytest.approx((13.5 - half, 13.5 + half), rel=1e-9)


def share_inside(draw: Callable[[], tuple[Interval, float]]) -> float:
    found = (draw() for _ in range(TIMES))
    return sum(one.low <= came <= one.high for one, came in found) / TIMES


def test_what_comes_lies_in_the_interval_nineteen_times_of_twenty() -> None:
    def next_week() -> tuple[Interval, float]:
        days = RANDOM.normal(100, 20, 37)
        return sum_of_next(list(days[:30]), 7), float(days[30:].sum())

    def stock() -> tuple[Interval, float]:
        days = RANDOM.normal(100, 40, 130)
        reached = np.searchsorted(np.maximum.accumulate(np.cumsum(days[30:])), 2_000)
        return lasts(2_000, list(days[:30])), float(reached) + 0.5

    def price() -> tuple[Interval, float]:
        moves = RANDOM.normal(0, 0.04, 47)
        path = [float(one) for one in np.exp(np.cumsum([0, *moves[:40]]))]
        return log_moves(moves_of(path), 7), exp(float(moves[40:].sum()))

    for draw in (next_week, stock, price):
        assert share_inside(draw) == pytest.approx(0.95, abs=0.03), draw.__name__


def test_a_stock_may_last_without_end() -> None:
    found = lasts(1_000.0, [0.0] * 13 + [10.0])
    assert found.high == inf
    assert found.low < found.middle == pytest.approx(1_400)


def test_a_steady_spending_has_no_width() -> None:
    found = lasts(100.0, [10.0] * 20)
    assert (found.low, found.middle, found.high) == pytest.approx((10, 10, 10))
    assert log_moves(moves_of([1.0, 2.0, 1.0]), 1).high == pytest.approx(
        exp(log(2) * stats.t.ppf(0.975, 2))
    )


def test_a_trend_and_an_outlier_are_objected_to() -> None:
    assert "trend" in objection([float(n) for n in range(20)])
    assert "far from the rest" in objection([*RANDOM.normal(10, 1, 29), 60.0])
    refused = sum(bool(objection(list(RANDOM.normal(10, 1, 30)))) for _ in range(400))
    assert refused / 400 < 0.05
    assert objection([5.0] * 10) == ""
