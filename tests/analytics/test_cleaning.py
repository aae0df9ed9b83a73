"""Single readings go when their sums are kept; what the books are valued by stays answerable."""

from datetime import timedelta

import pytest

from analytics.flows import added, flows_between
from analytics.models import EquityPoint, LedgerEntry, Rollup, RollupMark
from analytics.portfolio import measures, points
from analytics.portfolio.benchmarks import Prices
from analytics.rollups.cleaning import clean
from analytics.rollups.running import roll_up
from analytics.rollups.verifying import verify
from scheduling.models import GateCount, RiskReading
from tests.analytics.days import AFTER, DAY, DAYS, FIRST, HOUR, Days
from wallets.models import BalancePoint, BalanceSnapshot, GasReading, PricePoint
from wallets.price_history import History, price_at
from wallets.prices import worth_at

pytestmark = [pytest.mark.django_db, pytest.mark.db]
# So that two of the three days are old enough.
LATER = AFTER
KEEP = 1


@pytest.fixture
def days(db: None) -> Days:
    """Three days, added up."""
    made = Days.lay()
    roll_up(now=LATER)
    return made


def rows_left() -> dict[str, int]:
    tables = (EquityPoint, PricePoint, GateCount, GasReading, BalancePoint, RiskReading)
    return {table.__name__: table.objects.count() for table in tables}


def values() -> list[object]:
    """What each entry is worth, and what came from outside, by the cent."""
    rows = LedgerEntry.objects.select_related("token").order_by("pk")
    moments = [row.occurred_at for row in rows]
    history = History({row.token_id for row in rows}, min(moments), max(moments))
    worth = [
        worth_at(row.amount, row.token, history.at(row.token_id, row.occurred_at)) for row in rows
    ]
    known = flows_between(FIRST + DAY, AFTER)
    return [*worth, added(flow for flow in known if flow.money.dollars is not None)]


def test_valuing_after_cleaning_gives_the_same_cents(days: Days) -> None:
    before, rows = values(), PricePoint.objects.count()
    kept = list(Rollup.objects.order_by("pk").values_list("pk", "metric", "total", "last"))
    clean(now=LATER, keep_days=KEEP)
    assert PricePoint.objects.count() < rows / 2
    assert values() == before
    assert list(Rollup.objects.order_by("pk").values_list("pk", "metric", "total", "last")) == kept
    assert list(verify()) == []


def test_every_day_still_has_a_price(days: Days) -> None:
    close = price_at(days.eth, FIRST + DAY - HOUR / 4)
    clean(now=LATER, keep_days=KEEP)
    assert price_at(days.eth, FIRST + DAY - HOUR / 4) == close
    assert all(price_at(days.eth, FIRST + DAY + n * HOUR) for n in range(48))


def test_only_old_readings_go(days: Days) -> None:
    limit = FIRST + 2 * DAY
    clean(now=LATER, keep_days=KEEP)
    assert not EquityPoint.objects.filter(at__lt=limit).exists()
    assert not GasReading.objects.filter(hour__lt=limit).exists()
    assert EquityPoint.objects.count() == 36
    assert (GateCount.objects.count(), RiskReading.objects.count()) == (1, 36)


def test_the_newest_old_balance_stays(days: Days) -> None:
    limit = FIRST + 2 * DAY
    clean(now=LATER, keep_days=KEEP)
    old = BalancePoint.objects.filter(snapshot__block_at__lt=limit)
    assert old.count() == len(days.wallets)
    assert BalanceSnapshot.objects.count() == BalancePoint.objects.count()


def test_concentration_of_a_time_is_known_after_cleaning(days: Days) -> None:
    end = FIRST + 2 * DAY
    before = measures(start=FIRST, end=end, benchmarks=()).hhi
    clean(now=LATER, keep_days=KEEP)
    assert measures(start=FIRST, end=end, benchmarks=()).hhi == before
    assert before["protocol"].value == 1


def test_a_benchmark_has_its_price_of_every_hour(days: Days) -> None:
    moments = [FIRST + n * HOUR / 2 for n in range(48 * 2)]
    raw = Prices(days.eth, FIRST, AFTER)
    before = [raw.at(moment) for moment in moments]
    clean(now=LATER, keep_days=KEEP)
    after = Prices(days.eth, FIRST, AFTER)
    assert [after.at(moment) for moment in moments] == before
    assert all(before)


def test_days_of_the_portfolio_stay_the_same(days: Days) -> None:
    before = [(one.at, one.cents) for one in points(start=FIRST, end=AFTER)]
    clean(now=LATER, keep_days=KEEP)
    assert [(one.at, one.cents) for one in points(start=FIRST, end=AFTER)] == before
    assert len(before) == DAYS


def test_a_dry_run_says_the_same_and_deletes_nothing(days: Days) -> None:
    before = rows_left()
    would = [(one.table, one.rows) for one in clean(now=LATER, keep_days=KEEP, dry_run=True)]
    assert rows_left() == before
    assert not RollupMark.objects.filter(cleaned_until__isnull=False).exists()
    done = [(one.table, one.rows) for one in clean(now=LATER, keep_days=KEEP)]
    # The last is snapshots, which are empty once their balances are gone.
    assert done[:-1] == would[:-1]
    assert sum(rows for _, rows in done[:-1]) == sum(before.values()) - sum(rows_left().values())


def test_what_is_not_added_up_is_not_cleaned(db: None) -> None:
    Days.lay()
    before = rows_left()
    assert sum(one.rows for one in clean(now=LATER, keep_days=KEEP)[:-1]) == 0
    roll_up(now=FIRST + DAY + HOUR)
    clean(now=LATER, keep_days=KEEP)
    assert EquityPoint.objects.count() == before["EquityPoint"] - 36


def test_who_is_interrupted_loses_no_sum(days: Days) -> None:
    kept = list(Rollup.objects.order_by("pk").values_list("metric", "count", "total"))
    # As if it had ended in the middle of the second day's rows.
    RollupMark.objects.update(cleaned_until=FIRST + 2 * DAY)
    GasReading.objects.filter(hour__lt=FIRST + 30 * HOUR).delete()
    found = clean(now=LATER, keep_days=KEEP)
    assert not GasReading.objects.filter(hour__lt=FIRST + 2 * DAY).exists()
    assert sum(one.mended for one in found) == 0
    assert list(Rollup.objects.order_by("pk").values_list("metric", "count", "total")) == kept


def test_a_sum_that_differs_is_mended_before_its_rows_go(days: Days) -> None:
    first = Rollup.objects.filter(metric="risk", period="hour", starts_at=FIRST)
    wrong = first.update(count=99)
    found = {one.table: one for one in clean(now=LATER, keep_days=KEEP)}
    assert found["risk readings"].mended == wrong > 0
    row = Rollup.objects.filter(metric="risk", period="day", starts_at=FIRST)
    assert sum(one.count for one in row) == 36


def test_an_entry_booked_late_for_a_cleaned_day_goes_by_the_close_before_it(days: Days) -> None:
    clean(now=LATER, keep_days=KEEP)
    entry = days.entry(FIRST + DAY + HOUR / 2)
    point = price_at(entry.token, entry.occurred_at)
    assert point is not None
    assert entry.occurred_at - point.at < timedelta(hours=25)
