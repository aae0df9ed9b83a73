"""Returns and risk against published answers and independent calculations."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.flows import Flow, Money
from analytics.portfolio import risk
from analytics.portfolio.returns import Value, linked, modified_dietz, spans
from analytics.portfolio.xirr import NoRate, rates, xirr

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def value(at: datetime, dollars: object) -> Value:
    return Value(at, Decimal(str(dollars)))


def flow(at: datetime, dollars: object) -> Flow:
    return Flow(at, Money(Decimal(str(dollars))))


def test_time_weighted_return_of_the_cfa_curriculum() -> None:
    # CFA Program Curriculum, level I, "Money-weighted and time-weighted return": a share bought at
    # 200, another at 225 after a year, both sold at 235 after two, 5 of dividend each a year.
    values = [value(START, 200), value(START + YEAR, 450), value(START + 2 * YEAR, 480)]
    parts = spans(values, [flow(START + YEAR, 220)])
    growths = [round(part.growth or 0, 4) for part in parts]
    assert growths == [Decimal("1.1500"), Decimal("1.0667")]
    total, _ = linked(parts)
    assert total is not None
    assert float(1 + total) ** 0.5 - 1 == pytest.approx(0.1076, abs=1e-4)


def test_money_weighted_return_of_the_cfa_curriculum() -> None:
    paid = [(START, -200.0), (START + YEAR, -220.0), (START + 2 * YEAR, 480.0)]
    assert round(xirr(paid), 4) == 0.0939
    assert rates(paid)[1] == pytest.approx((1 + xirr(paid)) ** 2 - 1)


def test_modified_dietz_of_its_published_example() -> None:
    # https://en.wikipedia.org/wiki/Modified_Dietz_method: 100 become 300 in two years, with 50
    # paid in after one of them: 120 percent.
    found = modified_dietz(
        value(START, 100), value(START + 2 * YEAR, 300), [flow(START + YEAR, 50)]
    )
    assert found == Decimal("1.2")


def test_xirr_of_microsofts_documentation() -> None:
    # https://support.microsoft.com/office/xirr-function: 0.373362535
    days = [(2008, 1, 1), (2008, 3, 1), (2008, 10, 30), (2009, 2, 15), (2009, 4, 1)]
    amounts = (-10_000.0, 2_750.0, 4_250.0, 3_250.0, 2_750.0)
    paid = [(datetime(*day, tzinfo=UTC), one) for day, one in zip(days, amounts, strict=True)]
    assert xirr(paid) == pytest.approx(0.373362535, abs=1e-8)


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ((-100, -50, -1), "money only went one way"),
        ((100, -150, 100), "no rate fits these payments"),
        # Lorie and Savage's pump, 1955: 25 and 400 percent.
        ((-1_600, 10_000, -10_000), r"2 rates fit these payments: 25\.0000%, 400\.0000% a year"),
    ],
)
def test_where_no_rate_or_several_fit_a_sentence_says_so(
    amounts: tuple[int, ...], told: str
) -> None:
    paid = [(START + place * YEAR, float(one)) for place, one in enumerate(amounts)]
    with pytest.raises(NoRate, match=told):
        xirr(paid)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(1, 10**6)), min_size=1, max_size=20),
    st.integers(10, 1_000),
)
def test_xirr_is_what_another_library_says(paid: list[tuple[int, int]], percent: int) -> None:
    last = START + timedelta(days=1_001)
    rows = [(START, -1_000.0), *((START + timedelta(days=d), -float(a)) for d, a in sorted(paid))]
    rows.append((last, -sum(amount for _, amount in rows) * percent / 100))
    theirs = pyxirr.xirr([at.date() for at, _ in rows], [amount for _, amount in rows])
    ours = xirr(rows)
    assert theirs is None or ours == pytest.approx(theirs, rel=1e-6, abs=1e-9)


def test_risk_is_what_pandas_says() -> None:
    rows = pd.Series(np.random.default_rng(7).normal(0.001, 0.02, 250))
    other = pd.Series(np.random.default_rng(8).normal(0, 0.03, 250)) + rows
    ours, theirs = rows.tolist(), other.tolist()
    daily = 1.04 ** (1 / 365) - 1
    expected = {
        "volatility": rows.std() * 365**0.5,
        "sharpe": (rows - daily).mean() / rows.std() * 365**0.5,
        "correlation": rows.corr(other),
        "beta": rows.cov(other) / other.var(),
    }
    found = {
        "volatility": risk.volatility(ours).value,
        "sharpe": risk.sharpe(ours, Decimal("0.04")).value,
        "correlation": risk.correlation(ours, theirs).value,
        "beta": risk.beta(ours, theirs).value,
    }
    assert {name: float(one or 0) for name, one in found.items()} == pytest.approx(
        expected, abs=1e-9
    )


def test_too_few_returns_and_none_that_differ_are_no_statistic() -> None:
    assert "6 are known" in risk.volatility([0.1] * 6).problem
    assert "do not differ" in risk.sharpe([0.01] * 30, Decimal(0)).problem
    assert "did not move" in risk.beta([0.1, 0.2] * 10, [0.0] * 20).problem


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 1_000), min_size=2, max_size=60))
def test_drawdown_is_what_pandas_says(levels: list[int]) -> None:
    index = [(START + timedelta(days=n), Decimal(one)) for n, one in enumerate(levels)]
    found, now = risk.drawdown(index)
    series = pd.Series(levels, dtype=float)
    falls = 1 - series / series.cummax()
    assert float(found.depth if found else 0) == pytest.approx(falls.max())
    assert float(now) == pytest.approx(falls.iloc[-1])
    if found:
        assert found.bottom_at == index[falls.tolist().index(falls.max())][0]


def test_a_fall_says_when_it_was_over_and_how_long_it_took() -> None:
    levels = (100, 120, 90, 110, 125, 124)
    days = [START + timedelta(days=n) for n in range(len(levels))]
    found, now = risk.drawdown(list(zip(days, map(Decimal, levels), strict=True)))
    assert found is not None
    assert (found.depth, found.peak_at, found.bottom_at) == (Decimal("0.25"), days[1], days[2])
    assert (found.recovered_at, found.longest) == (days[4], timedelta(days=3))
    assert now == Decimal("0.008")


def test_concentration_of_the_merger_guidelines() -> None:
    # US Department of Justice: shares of 30, 30, 20 and 20 percent make 2,600.
    parts = {"a": 30, "b": 30, "c": 20, "d": 20, "owed": -50}
    assert risk.concentration(parts).value == Decimal("0.26")


def test_what_began_with_nothing_or_ended_with_nothing_has_a_return() -> None:
    middle, end = START + YEAR / 2, START + YEAR
    assert modified_dietz(value(START, 0), value(end, 110), [flow(middle, 100)]) == Decimal("0.1")
    assert modified_dietz(value(START, 100), value(end, 0), [flow(middle, -90)]) == Decimal("-0.1")
    assert modified_dietz(value(START, 0), value(end, 5), []) is None


def test_a_return_over_what_nobody_knows_is_unknown() -> None:
    flows = [Flow(START + YEAR / 2, Money(None, "the price of X was not stored"))]
    parts = spans([value(START, 1), value(START + YEAR, 2)], flows)
    assert linked(parts) == (None, "the price of X was not stored")
    assert date(2025, 1, 1) == START.date()
