"""The page of the portfolio, its commands and those of the sums behind it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from airdrops_site.portfolio_page import MOST_POINTS, chart
from analytics.equity import record_point
from analytics.models import Rollup
from analytics.portfolio import Point
from analytics.rollups.numbers import hour_of
from tests import factories
from tests.airdrops_site.guides import commands, run

pytestmark = [pytest.mark.django_db, pytest.mark.db]
PAGE = "/admin/portfolio/"


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def three_days(**fields: Any) -> None:
    """Values of the last days, and where it is now."""
    for hours, cents in ((70, 100_000), (46, 101_000), (22, 90_000)):
        at = timezone.now() - timedelta(hours=hours)
        factories.EquityPointFactory.create(at=at, cents=cents, **fields)


def test_an_empty_installation_has_the_page(operator: Client) -> None:
    page = operator.get(PAGE).content.decode()
    assert "Nothing was added up in that time" in page
    assert "Where it is was not added up yet" in page


def test_the_page_says_what_is_worth_what_and_what_is_unknown(operator: Client) -> None:
    three_days()
    factories.EquityPointFactory.create(
        cents=None,
        problem="a gap",
        parts={"places": {"": 5_000, "aave": 85_000}, "unknown": ["the price of <X> is unknown"]},
    )
    page = operator.get(PAGE, {"days": "7"}).content.decode()
    for told in ("-10.00 %", "850.00 USD", "94.44 %", "the price of &lt;X&gt; is unknown"):
        assert told in page


def test_more_rows_cost_the_page_no_more_questions(operator: Client) -> None:
    counts = []
    for _ in range(2):
        three_days()
        token = factories.TokenFactory.create(symbol="ETH")
        factories.PricePointFactory.create(token=token)
        record_point()
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            operator.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 34
    with CaptureQueriesContext(connection) as queries:
        operator.get(PAGE)
    assert len(queries) <= 6


def test_who_may_not_see_it_is_refused(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_a_chart_has_few_points_and_the_newest() -> None:
    start = timezone.now()
    many = [Point(start + timedelta(days=n), n or None, 0) for n in range(366)]
    drawn = json.loads(chart(many, hourly=False))["datasets"][0]["data"]
    assert len(drawn) <= MOST_POINTS
    assert drawn[-1] == 3.65
    assert None in json.loads(chart(many[:9], hourly=True))["datasets"][0]["data"]


def test_every_command_of_the_guide_works() -> None:
    three_days()
    for line in commands("portfolio.md"):
        code, said = run(line)
        assert code == 0, (line, said)


def test_measures_for_a_program_are_text_or_say_why_not() -> None:
    three_days()
    facts = json.loads(run("manage.py portfolio measures --json")[1])
    assert facts["twr"] == {"value": "-0.1", "problem": ""}
    assert facts["sharpe"]["value"] is None
    assert "daily returns" in facts["sharpe"]["problem"]


def test_sums_that_differ_end_with_one_until_they_are_repaired() -> None:
    factories.GasReadingFactory.create(hour=hour_of(timezone.now() - timedelta(hours=30)))
    run("manage.py rollups run --metric gas")
    assert run("manage.py rollups verify")[0] == 0
    Rollup.objects.filter(period="hour").delete()
    code, said = run("manage.py rollups verify --json")
    assert (code, json.loads(said)["differences"]) == (1, 1)
    assert run("manage.py rollups verify --repair")[0] == 0
    assert run("manage.py rollups verify")[0] == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("portfolio show", "nothing was added up in that time"),
        ("portfolio show --from 2026-13-01", "no day; write it like 2026-01-31"),
        ("portfolio measures --from 2030-01-01", "ends before it begins"),
        ("portfolio measures --days 0", "is not 1 to 36500"),
        ("portfolio measures --risk-free four", "no rate"),
        ("portfolio distribution", "nothing was added up yet"),
        ("portfolio distribution --by colour", "invalid choice"),
        ("rollups clean --keep-days 1", "gates look back a week"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(line: str, told: str) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        run(f"manage.py {line}")
    assert refused.value.returncode == 2
