"""Where an axis is divided, and what a picture shows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics.shapes import PolyLine, Rect

from analytics.reports.document import Chart, ChartKind
from analytics.reports.forms.axes import axis_of
from analytics.reports.forms.charts import GAP, drawing
from analytics.reports.forms.page import svg

MONEY = st.decimals(-(10**9), 10**9, places=2)


def a_chart(kind: ChartKind, *values: str | None) -> Chart:
    return Chart("one", kind, "Value", "USD", tuple(map(str, range(len(values)))), values)


@given(st.lists(MONEY, min_size=1, max_size=20), st.booleans())
def test_every_value_lies_on_its_axis(values: list[Decimal], from_zero: bool) -> None:
    axis = axis_of(values, from_zero=from_zero)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert 2 <= len(axis.ticks) <= 8
    assert not from_zero or Decimal(0) in axis.ticks


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["0", "3"], ["0", "1", "2", "3"]),
        (["990.5", "1029"], ["990", "1,000", "1,010", "1,020", "1,030"]),
        (["0.0001", "0.0004"], ["0.0000", "0.0001", "0.0002", "0.0003", "0.0004"]),
    ],
)
def test_the_axis_is_labelled_with_exact_numbers(values: list[str], labels: list[str]) -> None:
    axis = axis_of([Decimal(one) for one in values], from_zero=values[0] != "990.5")
    assert [axis.label(tick) for tick in axis.ticks] == labels


def test_a_line_ends_where_nothing_is_known() -> None:
    shapes = drawing(a_chart(ChartKind.LINE, "1", "2", None, "3", "4"), 600).contents
    lines = [one for one in shapes if isinstance(one, PolyLine)]
    grey = [one for one in shapes if isinstance(one, Rect) and one.fillColor == GAP]
    assert [len(one.points) // 2 for one in lines] == [2, 2]
    assert len(grey) == 1


@pytest.mark.parametrize("kind", ChartKind)
def test_a_picture_of_nothing_says_so(kind: ChartKind) -> None:
    chart = a_chart(kind, None, None)
    assert "unknown" in svg(chart, "x") or "nothing known" in svg(chart, "x")
    assert chart.alternative == "Value in USD: nothing known; 2 unknown"
    assert svg(a_chart(kind), "y")
