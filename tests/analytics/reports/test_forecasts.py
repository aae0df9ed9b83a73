"""A forecast is told with its method where enough was observed, and else why there is none."""

from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from analytics.models import Campaign
from analytics.reports.document import Document, Section
from tests import factories as made
from tests.analytics.reports.days import DAY, FEE, NOW, Books, report
from tests.factories.values import ETHER
from wallets.models import PricePoint

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def forecasts(document: Document) -> Section:
    return next(one for one in document.sections if one.key == "forecasts")


def spend(books: Books, days: int) -> None:
    """A fee a day, two or four dollars in turn, in no order that can be foretold."""
    for day in range(days):
        at = DAY - timedelta(days=day)
        books.price(at)
        books.transact(at + timedelta(hours=1), fee=FEE * (2 if (day * day) % 7 > 3 else 1))


def test_thirty_days_of_fees_give_the_next_week() -> None:
    spend(Books.open(), 30)
    (what, low, middle, high, unit, n, method) = forecasts(report()).tables[0].rows[0]
    assert (what, unit, n) == ("Fees of the next 7 days", "USD", "30")
    assert method == "mean of days with t-interval"
    days = [4.0 if (day * day) % 7 > 3 else 2.0 for day in range(30)]
    half = stats.t.ppf(0.975, 29) * np.std(days, ddof=1) * (7 + 49 / 30) ** 0.5
    wanted = (7 * np.mean(days) - half, 7 * np.mean(days), 7 * np.mean(days) + half)
    assert [low, middle, high] == [f"{one:.2f}" for one in wanted]


def test_fewer_are_no_ground_for_a_forecast() -> None:
    spend(Books.open(), 10)
    found = forecasts(report())
    assert found.tables[0].rows == ()
    assert "Fees of the next 7 days: no forecast, 10 of 30 days observed" in found.notes


def test_a_wallet_lasts_as_long_as_its_own_spending_says() -> None:
    books = Books.open()
    spend(books, 20)
    made.BalanceFactory.create(wallet=books.lane.wallet, token=books.coin, amount=ETHER // 10)
    what, low, middle, high, unit, n, _ = forecasts(report()).tables[0].rows[0]
    assert what == f"first: days until its ETH on {books.coin.network.slug} runs out"
    assert (unit, n) == ("days", "20")
    assert float(low) < float(middle) < float(high)
    assert 60 < float(middle) < 90


def claimable(days: int) -> Campaign:
    """A hundred tokens, whose price was kept for so many days."""
    token = made.TokenFactory.create(symbol="ZK")
    campaign = made.CampaignFactory.create(token=token)
    made.ClaimFactory.create(campaign=campaign, amount=100_000_000)
    made.PriceFactory.create(token=token, amount=2 * 10**8, stale_at=NOW + timedelta(hours=1))
    for day in range(days):
        price = 2 * 10**8 + (day * day) % 7 * 10**6
        made.PricePointFactory.create(token=token, amount=price, at=DAY - timedelta(days=day))
    return campaign


def test_what_does_not_look_like_noise_is_not_foretold() -> None:
    campaign = claimable(60)
    for day in range(60):  # it only ever doubles or halves, in turn
        at = DAY - timedelta(days=day)
        PricePoint.objects.filter(at=at).update(amount=10**8 * (1 + day % 2))
    found = forecasts(report("campaign", campaign=campaign))
    assert found.tables[0].rows == ()
    assert "no forecast, each depends on the one before" in found.notes[1]


def test_a_price_of_nothing_foretells_nothing() -> None:
    campaign = claimable(40)
    PricePoint.objects.filter(at=DAY).update(amount=0)
    found = forecasts(report("campaign", campaign=campaign))
    assert found.notes[1].endswith("no forecast, the price was nothing at times")


def test_open_claims_have_a_range_of_a_week() -> None:
    row = forecasts(report("campaign", campaign=claimable(35))).tables[0].rows[0]
    assert row[2] == "200.00"
    assert float(row[1]) < 200 < float(row[3])
    assert row[4:6] == ("USD", "34")


def test_a_price_with_few_days_has_none() -> None:
    found = forecasts(report("campaign", campaign=claimable(5)))
    assert found.notes[1].endswith("no forecast, 4 of 30 daily moves of the price observed")
