"""What reports say of returns is what the books' own rooms say."""

from datetime import timedelta
from decimal import Decimal

import pytest

from analytics.reports.numbers import usd
from analytics.roi import roi
from tests import factories as made
from tests.analytics.reports.days import DAY, a_day, report, told
from wallets.wakeups import registered

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_costs_are_those_of_the_return_on_investment() -> None:
    a_day()
    lines = roi(by="network", start=DAY, end=DAY + timedelta(days=1))
    costs = sum((one.costs.dollars or Decimal(0) for one in lines), Decimal(0))
    assert told(report())["returns.costs"] == f"{usd(costs)} USD" == "6.00 USD"


def test_the_portfolios_measures_are_told_or_why_there_are_none() -> None:
    for day in range(10):
        made.EquityPointFactory.create(
            at=DAY - timedelta(days=day - 0.9), cents=100_000 - day * 100
        )
    found = told(report())
    assert found["measures.twr"] == "0.91 %"
    assert found["measures.max_drawdown"] == "0.00 %"


def test_what_makes_reports_is_woken_by_the_pulse() -> None:
    assert "analytics.report_tasks.make_reports" in {one.path for one in registered()}
