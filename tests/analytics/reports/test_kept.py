"""Reports that workers make: each time once, and never before it is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from analytics.models import Report
from analytics.report_tasks import _due, make_reports
from analytics.reports.gathering import gather
from analytics.reports.periods import period_of
from analytics.reports.services import ChangedReport, document_of, due_periods, keep_report
from tests import factories as made
from tests.analytics.reports.days import DAY, NOW, a_day, told

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_each_time_that_is_over_is_made_once() -> None:
    a_day()
    first = keep_report(period=due_periods(NOW)[0], now=NOW)
    again = keep_report(period=period_of("daily", None, NOW), now=NOW)
    assert first == again
    assert (first.start, first.end, first.made_at) == (DAY, DAY + timedelta(days=1), NOW)
    assert told(document_of(first))["fees.fees"] == "6.00 USD"
    assert Report.objects.count() == 1


def test_a_worker_leaves_returns_of_long_books_unknown() -> None:
    a_day()
    period = period_of("daily", None, NOW)
    kept = told(document_of(keep_report(period=period, now=NOW, most_entries=4)))
    assert kept["returns.costs"].startswith("unknown: the books are too long for a worker")
    assert told(gather(period, NOW))["returns.costs"] == "6.00 USD"


def test_nothing_is_made_before_its_minute_or_before_there_is_anything(settings: Any) -> None:
    assert due_periods(NOW) == []
    made.EquityPointFactory.create(at=DAY)
    assert due_periods(NOW - timedelta(minutes=1)) == []
    assert [one.start for one in due_periods(NOW)] == [DAY]
    settings.REPORTS = ["none"]
    assert due_periods(NOW) == []


def test_a_worker_makes_it_and_rests(settings: Any) -> None:
    settings.REPORTS, settings.REPORT_MINUTES = ["daily"], 0
    made.EquityPointFactory.create(at=timezone.now() - timedelta(days=2))
    assert list(_due()) == [""]
    make_reports()
    make_reports()
    assert Report.objects.get().end < timezone.now()
    assert list(_due()) == []


def test_open_campaigns_have_theirs_each_week(settings: Any) -> None:
    settings.REPORTS = ["campaign"]
    made.EquityPointFactory.create(at=DAY - timedelta(days=3))
    running, _ = made.CampaignFactory.create(), made.CampaignFactory.create(status="ended")
    (period,) = due_periods(NOW)
    kept = keep_report(period=period, now=NOW)
    assert (kept.campaign, kept.start) == (running, DAY - timedelta(days=7))
    assert due_periods(NOW) == []


def test_what_was_changed_afterwards_is_not_shown() -> None:
    row = made.ReportFactory.create()
    assert told(document_of(row)) == {"worth.value": "100.00 USD"}
    row.document["sections"][0]["facts"][0]["value"] = "900.00"
    with pytest.raises(ChangedReport, match="was changed after it was made"):
        document_of(row)


def test_the_database_keeps_one_a_time() -> None:
    row = made.ReportFactory.create()
    with pytest.raises(IntegrityError):
        made.ReportFactory.create(start=row.start)
