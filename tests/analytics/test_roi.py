"""What was laid out and what it brought, against sums made by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from analytics.basis import profit
from analytics.ledger import book_transaction
from analytics.models import RoiReading
from analytics.roi import RoiLine, roi
from analytics.roi_readings import keep_roi
from tests.analytics import written
from tests.analytics.told import FEE as GAS
from tests.analytics.told import USDC, Ground, confirm, into, out, settle
from tests.analytics.written import Desk, book, fee, on, price, usd
from tests.factories import CampaignFactory
from wallets.models import PricePoint

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk.lay()


def line(by: str, key: str, **when: object) -> RoiLine:
    return next(one for one in roi(by=by, **when) if one.key == key)  # type: ignore[arg-type]


def test_an_airdrop_is_income_at_receipt_and_its_later_gain_stands_apart(desk: Desk) -> None:
    campaign = CampaignFactory.create(slug="drop")
    price(desk.eth, 0, "1000")
    price(desk.fund, 1, "3")
    price(desk.fund, 2, "5")
    book(0, written.into(desk.alice, desk.eth, "1", "outside"))
    book(0, fee(desk.alice, desk.eth, "0.01", campaign=campaign))
    book(1, written.into(desk.alice, desk.fund, "100", "airdrop", campaign=campaign))
    book(2, written.out(desk.alice, desk.fund, "40", "outside"))
    found = line("campaign", "drop", end=on(3))
    assert usd(found.costs, found.income) == (10, 300)
    assert usd(found.realised, found.invested) == (80, 10)
    assert found.unrealised.dollars == 120  # 60 that came at 3 and were worth 5 then
    assert found.ratio == Decimal(49)
    keep_roi()
    kept = RoiReading.objects.get(by="campaign", name="drop")
    assert kept.received_cents == 30_000


def test_what_fees_failed_and_cancelled_counts_for_the_campaign_of_its_task(ground: Ground) -> None:
    campaign = CampaignFactory.create(slug="farm")
    campaign.tasks.add(ground.run.task)
    PricePoint.objects.create(
        token=ground.native,
        source="manual",
        amount=10**18,
        decimals=0,
        at=written.START.replace(hour=0),
    )
    for outcome in ("succeeded", "reverted", "replaced"):
        row = ground.transaction()
        step = ground.step(row)
        confirm(row, outcome=outcome)
        if outcome == "succeeded":
            settle(step, out(5, USDC), into(7, USDC))
        book_transaction(transaction_id=row.pk)
    assert line("campaign", "farm").costs.dollars == 3 * GAS


def test_what_came_less_than_quoted_is_told_apart(ground: Ground) -> None:
    day = written.START.replace(hour=0)
    PricePoint.objects.create(token=ground.usdc, source="manual", amount=2, decimals=0, at=day)
    row = ground.transaction(expectations={"quoted_out": "8000000", "slippage_bps": 100})
    step = ground.step(row)
    confirm(row)
    settle(step, out(5), into(7_000_000, USDC))
    book_transaction(transaction_id=row.pk)
    line = next(one for one in profit().lines if one.token == ground.usdc)
    assert usd(line.slippage, line.cost) == (2, 14)


def test_a_protocol_is_measured_by_the_most_that_lay_in_it(desk: Desk) -> None:
    for day in range(4):
        price(desk.usd, day, "1")
    book(0, written.into(desk.alice, desk.usd, "500", "outside"))
    book(1, written.out(desk.alice, desk.usd, "200", "protocol", protocol="aave"))
    book(2, written.out(desk.alice, desk.usd, "100", "protocol", protocol="aave"))
    book(3, written.into(desk.alice, desk.usd, "330", "protocol", protocol="aave"))
    found = line("protocol", "aave", end=on(4))
    assert usd(found.invested, found.income) == (300, 30)
    assert found.ratio == Decimal("0.1")


def test_a_period_has_only_its_own_costs(desk: Desk) -> None:
    for day in (0, 5):
        price(desk.eth, day, "1000")
    book(0, written.into(desk.alice, desk.eth, "1", "outside"))
    book(0, fee(desk.alice, desk.eth, "0.1"))
    book(5, fee(desk.alice, desk.eth, "0.2"))
    label = desk.alice.label
    assert line("wallet", label, start=on(1), end=on(6)).costs.dollars == 200
    assert line("wallet", label, end=on(1)).costs.dollars == 100


def test_a_period_has_only_what_its_gain_changed_by(desk: Desk) -> None:
    """Also where what was gained before was realised in it."""
    for day, at in ((0, "1000"), (5, "1500"), (9, "1800")):
        price(desk.eth, day, at)
    book(0, written.into(desk.alice, desk.eth, "2", "outside"))
    book(9, written.out(desk.alice, desk.eth, "1", "outside"))
    label, end = desk.alice.label, on(9) + timedelta(hours=1)
    whole, period = line("wallet", label, end=end), line("wallet", label, start=on(6), end=end)
    assert usd(whole.realised, whole.unrealised) == (800, 800)
    assert usd(period.realised, period.unrealised) == (800, 800 - 2 * 500)
    assert period.invested.dollars == 2000
    assert period.ratio == Decimal("0.3")


def test_an_unknown_fee_makes_the_ratio_unknown_and_says_so(desk: Desk) -> None:
    price(desk.eth, 0, "1000")
    book(0, written.into(desk.alice, desk.eth, "1", "outside"))
    book(9, fee(desk.alice, desk.eth, "0.1"))
    found = line("wallet", desk.alice.label)
    assert found.costs.dollars is None
    assert found.ratio is None
    told = f"{desk.alice.label}: fees without a known price of the time: 1"
    assert told in found.problems


def test_it_costs_few_questions(
    desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(5):
        price(desk.eth, day, "1000")
        book(day, written.into(desk.alice, desk.eth, "1", "outside"))
    with django_assert_num_queries(9):
        roi(by="network")
