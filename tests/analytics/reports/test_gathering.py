"""What a report says, added up by hand."""

from datetime import date, timedelta
from decimal import Decimal, localcontext
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.models import LedgerEntry
from analytics.reports.document import document_from_json
from analytics.reports.periods import PeriodError, period_of
from analytics.reports.priced import priced
from tests import factories as made
from tests.analytics.reports.days import DAY, NOW, Books, a_day, report, told
from wallets.price_history import History
from wallets.prices import worth_at

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_days_numbers_are_those_of_its_books() -> None:
    a_day()
    found = told(report())
    assert found["worth.value"] == "1025.00 USD"
    assert found["worth.change"] == "25.00 USD"
    assert (found["worth.inflow"], found["worth.outflow"]) == ("10.00 USD", "4.00 USD")
    assert found["worth.result"] == "19.00 USD"
    assert found["fees.fees"] == "6.00 USD"
    assert (found["transactions.mined"], found["transactions.succeeded"]) == ("3", "2")
    assert found["transactions.success_rate"] == "66.67 %"


def test_what_an_added_wallet_brought_is_not_won() -> None:
    a_day()
    books = Books.open("added")
    books.price(DAY + timedelta(hours=9))
    made.CountedBalanceFactory.create(
        wallet=books.lane.wallet, token=books.token, amount=9_000_000, at=DAY + timedelta(hours=10)
    )
    found = told(report())
    assert (found["worth.inflow"], found["worth.outflow"]) == ("19.00 USD", "4.00 USD")
    assert found["worth.result"] == "10.00 USD"


def test_a_price_nobody_stored_is_unknown_and_listed() -> None:
    books = Books.open()
    books.price(DAY, token=None)
    books.move(DAY + timedelta(hours=9), "in", 10_000_000)
    document = report()
    missing = f"the price of USDC on {books.token.network.slug} at 2026-11-23 09:00 UTC"
    assert told(document)["worth.inflow"] == f"unknown: {missing} was not stored"
    assert told(document)["worth.result"].startswith("unknown: nothing was added up")
    assert told(document)["fees.fees"] == "2.00 USD"
    assert document.sections[-1].notes == (f"{missing} was not stored",)


def test_a_price_of_another_moment_counts_from_then_on() -> None:
    books = Books.open()
    books.price(DAY)
    made.PricePointFactory.create(
        token=books.coin, source="manual", amount=9_000 * 10**8, at=DAY + timedelta(minutes=62)
    )
    for minutes in (61, 63, 125):
        books.transact(DAY + timedelta(minutes=minutes))
    assert told(report())["fees.fees"] == "20.00 USD"


def test_sums_are_those_of_entries_priced_one_by_one() -> None:
    books, dice = Books.open(), Random(5)
    for hours in range(-20, 24, 4):
        at = DAY + timedelta(hours=hours, seconds=dice.choice((0, 77, 299)))
        dollars = dice.randrange(1, 10**12)
        made.PricePointFactory.create(token=books.coin, amount=dollars, at=at)
    for _ in range(40):
        books.transact(DAY + timedelta(seconds=dice.randrange(86_400)), fee=dice.randrange(10**18))
    entries = list(LedgerEntry.objects.select_related("token"))
    history = History([books.coin], DAY, NOW)
    worths = (
        worth_at(one.amount, one.token, history.at(one.token_id, one.occurred_at))
        for one in entries
    )
    with localcontext(prec=99):
        wanted = sum((one for one in worths if one is not None), Decimal(0))
    found = priced(LedgerEntry.objects.all(), "kind")
    assert found.total.dollars == found.by["fee",].dollars == wanted


def test_only_what_came_within_the_day_counts() -> None:
    books = Books.open()
    books.price(DAY - timedelta(minutes=5))
    for at in (DAY - timedelta(seconds=1), DAY, NOW - timedelta(minutes=31), DAY.replace(day=24)):
        books.transact(at)
    assert told(report())["transactions.mined"] == "2"


def test_a_longer_book_costs_no_more_questions() -> None:
    counts = []
    for times in (1, 5):
        for _ in range(times):
            books = Books.open(f"wallet {made.WalletFactory.create().pk}")
            books.price(DAY)
            for hour in range(1, 1 + times):
                books.move(DAY + timedelta(hours=hour), "in", 1)
                made.CampaignFactory.create(status="claimable", token=books.token)
                made.ClaimFactory.create(campaign__token=books.token)
        with CaptureQueriesContext(connection) as asked:
            report()
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 90


def test_what_is_kept_says_the_same_again() -> None:
    a_day()
    document = report()
    again = document_from_json(document.as_json())
    assert again == document
    assert again.digest == document.digest


def test_the_last_whole_day_and_week_are_asked_for_by_default() -> None:
    day, week = (period_of(kind, None, NOW) for kind in ("daily", "weekly"))
    assert (day.start.date(), day.title(NOW)) == (date(2026, 11, 23), "Daily report 2026-11-23")
    assert (week.start.date(), week.title(NOW)) == (
        date(2026, 11, 16),
        "Weekly report week 2026-W47",
    )
    with pytest.raises(PeriodError, match="2026-11-25 has not begun"):
        period_of("daily", date(2026, 11, 25), NOW)


def test_a_level_stands_as_long_as_a_reading_says_something() -> None:
    for minutes, level in ((-10, "low"), (5, "high"), (600, "low")):
        made.RiskReadingFactory.create(at=DAY + timedelta(minutes=minutes), level=level)
    levels = next(one for one in report().sections if one.key == "risk").tables[0]
    # Five minutes of the one before, half an hour of each other: nobody looked in between.
    assert levels.rows == (("Low", "0.5"), ("High", "0.5"), ("Unknown", "22.9"))
