"""Sums of hours and days are what the rows come to: late, reversed and unknown ones too."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from analytics.models import EquityPoint, LedgerEntry, Rollup, RollupDirt, RollupMark
from analytics.rollups.dirt import mark_changed
from analytics.rollups.numbers import hour_of
from analytics.rollups.running import UNSEEN, roll_up
from analytics.rollups.verifying import verify
from analytics.selectors import valid_entries
from tests import factories
from tests.analytics.days import AFTER, DAY, FIRST, HOUR, Days, kept, summed
from wallets.models import PricePoint, Receipt
from wallets.price_history import price_at
from wallets.prices import worth_at

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def days(db: None) -> Days:
    """Three days, added up."""
    made = Days.lay()
    assert roll_up(now=AFTER).complete
    return made


def test_the_ledgers_hours_are_what_a_loop_comes_to(days: Days) -> None:
    expected = summed(
        valid_entries(),
        lambda row: row.occurred_at,
        lambda row: (row.account, row.kind),
        lambda row: row.amount,
    )
    assert kept("flows", "hour", "subject", "outcome") == expected
    by_day = {(at.replace(hour=0), name) for at, name in expected}
    assert by_day == set(kept("flows", "day", "subject", "outcome"))


def test_transactions_and_their_fees_are_what_a_loop_comes_to(days: Days) -> None:
    factories.ReceiptFactory.create(block_at=FIRST, canonical=False)
    expected = summed(
        Receipt.objects.filter(canonical=True).select_related("transaction"),
        lambda row: row.block_at,
        lambda row: (row.transaction.action, row.transaction.outcome),
        lambda row: row.fee,
    )
    assert kept("transactions", "hour", "subject", "outcome") == expected


def test_a_days_prices_open_and_close_as_the_points_do(days: Days) -> None:
    points = PricePoint.objects.filter(token=days.eth, source="http", at__lt=FIRST + DAY)
    scaled = [point.amount * 10 ** (36 - point.decimals) for point in points.order_by("at")]
    row = Rollup.objects.get(
        metric="prices", period="day", starts_at=FIRST, token="native", subject="http"
    )
    assert (row.first, row.last) == (scaled[0], scaled[-1])
    assert (row.low, row.high, row.total) == (min(scaled), max(scaled), sum(scaled))
    assert (row.count, row.last_at) == (48, FIRST + DAY - HOUR / 2)


def test_unknown_values_are_counted_and_never_added(days: Days) -> None:
    known = list(EquityPoint.objects.filter(at__lt=FIRST + DAY, cents__isnull=False).order_by("at"))
    row = Rollup.objects.get(metric="equity", period="day", starts_at=FIRST)
    assert (row.count, row.unknown) == (36, 36 - len(known))
    cents = [point.cents or 0 for point in known]
    assert (row.first, row.last, row.low, row.total) == (
        cents[0],
        cents[-1],
        min(cents),
        sum(cents),
    )
    assert row.low is not None
    assert row.last_at == known[-1].at


def test_entries_at_prices_of_their_time_are_what_each_comes_to(days: Days) -> None:
    worth = {
        row.pk: worth_at(row.amount, row.token, price_at(row.token, row.occurred_at))
        for row in valid_entries().select_related("token")
    }
    rows = Rollup.objects.filter(metric="flows_usd", period="day")
    assert sum(row.unknown for row in rows) == sum(one is None for one in worth.values()) > 0
    total = Decimal(sum(row.total or 0 for row in rows)).scaleb(-36)
    exact = sum(one for one in worth.values() if one is not None)
    assert abs(total / exact - 1) < Decimal("1e-24")


def test_everything_verifies_and_running_again_changes_nothing(days: Days) -> None:
    assert list(verify()) == []
    before = list(Rollup.objects.order_by("pk").values_list("metric", "period", "count", "total"))
    assert {metric for metric, *_ in before} >= {"gas", "gates", "risk", "balances", "parts"}
    again = roll_up(now=AFTER)
    assert again.new == 0
    after = Rollup.objects.values_list("metric", "period", "count", "total")
    assert sorted(map(str, after)) == sorted(map(str, before))


def test_a_late_entry_and_a_reversed_one_are_added_up_again(days: Days) -> None:
    RollupMark.objects.update(seen=10**9)
    late = days.entry(FIRST + 5 * HOUR)
    RollupMark.objects.update(seen=late.pk - 1)
    gone, assigned = valid_entries().exclude(pk=late.pk).filter(kind="in")[:2]
    LedgerEntry.objects.filter(pk=gone.pk).update(status="reversed")
    LedgerEntry.objects.filter(pk=assigned.pk).update(account="income")
    marked = {hour_of(one.occurred_at) for one in (gone, assigned)}
    assert set(RollupDirt.objects.values_list("hour", flat=True)) == marked
    assert {one.metric for one in verify()} >= {"flows", "flows_usd"}
    assert roll_up(now=AFTER).again > 0
    assert list(verify(metrics=["flows", "flows_usd"])) == []
    assert not RollupDirt.objects.exists()


def test_an_entry_that_becomes_final_is_no_change(days: Days) -> None:
    LedgerEntry.objects.exclude(status="reversed").update(status="provisional")
    assert not RollupDirt.objects.exists()


def test_a_transaction_that_left_its_block_is_not_counted_any_more(days: Days) -> None:
    RollupMark.objects.update(seen=10**9)
    receipt = Receipt.objects.filter(canonical=True)[0]
    Receipt.objects.filter(pk=receipt.pk).update(canonical=False)
    line = factories.TransitionFactory.create(
        subject_id=receipt.transaction_id, from_state="confirmed", to_state="broadcast"
    )
    RollupMark.objects.update(seen=line.pk - 1)
    roll_up(now=AFTER)
    assert list(verify(metrics=["transactions"])) == []


def test_a_price_that_comes_late_values_the_entries_behind_it(days: Days) -> None:
    entry = days.entry(FIRST + 20 * HOUR, 1)
    mark_changed(["flows", "flows_usd"], [entry.occurred_at])
    RollupMark.objects.update(seen=10**9)
    roll_up(now=AFTER)
    late = factories.PricePointFactory.create(token=days.usdc, at=FIRST + 2 * HOUR)
    RollupMark.objects.update(seen=late.pk - 1)
    roll_up(now=AFTER)
    assert list(verify(metrics=["prices", "flows_usd"])) == []
    row = Rollup.objects.get(
        metric="flows_usd", period="hour", starts_at=FIRST + 20 * HOUR, outcome="out"
    )
    assert (row.unknown, row.count) == (0, 1)


def test_an_hour_is_added_up_once_it_has_ended(days: Days) -> None:
    factories.EquityPointFactory.create(at=AFTER)
    roll_up(now=AFTER + HOUR)
    assert not Rollup.objects.filter(metric="equity", starts_at__gte=AFTER).exists()
    roll_up(now=AFTER + HOUR + timedelta(minutes=10))
    assert Rollup.objects.filter(metric="equity", period="hour", starts_at=AFTER).exists()


def test_who_is_interrupted_goes_on_where_it_was(db: None) -> None:
    Days.lay()
    assert not roll_up(now=AFTER, seconds=-1).complete
    assert not Rollup.objects.exists()
    assert roll_up(now=AFTER).complete
    assert list(verify()) == []


def test_what_came_late_waits_for_a_worker_that_has_the_time(days: Days) -> None:
    roll_up(now=AFTER)
    late = days.entry(FIRST + 5 * HOUR)
    RollupMark.objects.update(seen=late.pk - 1)
    done = roll_up(now=AFTER, seconds=-1)
    assert (done.again, done.complete) == (0, False)
    RollupMark.objects.update(seen=10**9)
    assert roll_up(now=AFTER).complete
    assert not RollupDirt.objects.exists()
    assert list(verify(metrics=("flows", "flows_usd"))) == []


def test_what_differs_is_found_and_made_right_on_request(days: Days) -> None:
    Rollup.objects.filter(metric="gas", period="hour", starts_at=FIRST).update(count=9)
    Rollup.objects.filter(metric="flows", period="day").delete()
    assert {one.metric for one in verify()} == {"gas", "flows"}
    assert list(verify(repair=True))
    assert list(verify()) == []


def test_numbers_given_before_a_commit_are_looked_at_twice(days: Days) -> None:
    mark = RollupMark.objects.get(pk="flows")
    assert mark.next_seen == LedgerEntry.objects.order_by("-pk")[0].pk
    RollupMark.objects.update(next_seen_at=timezone.now() - UNSEEN)
    roll_up(now=AFTER)
    assert RollupMark.objects.get(pk="flows").seen == mark.next_seen
