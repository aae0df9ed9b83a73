"""When a task is due: as the cron library has it, and spread over windows that never overlap."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter

from scheduling.models import Task
from scheduling.schedule import ScheduleError, due_from, next_due, require_window_to_fit

NIGHTS = (
    ("Europe/Berlin", "2026-03-28T20:00:00"),
    ("Europe/Berlin", "2026-10-24T20:00:00"),
    ("America/New_York", "2026-03-07T20:00:00"),
    ("America/New_York", "2026-10-31T20:00:00"),
)


def task(**fields: Any) -> Task:
    """One that begins with 2026."""
    return Task(**{"schedule": "interval", "starts_at": datetime(2026, 1, 1, tzinfo=UTC), **fields})


def due_times(row: Task, count: int) -> list[datetime]:
    """Its first due times, each from the one before as the dispatcher asks for them."""
    found: list[datetime] = []
    due = next_due(row, None)
    while due is not None and len(found) < count:
        found.append(due.astimezone(UTC))
        due = next_due(row, found[-1])
    return found


@pytest.mark.parametrize(("zone", "start"), NIGHTS)
@pytest.mark.parametrize("cron", ["30 2 * * *", "*/20 * * * *", "0 */2 * * *", "15 1,2,3 * * *"])
def test_a_night_that_is_longer_or_shorter_is_as_the_library_has_it(
    zone: str, start: str, cron: str
) -> None:
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    times = croniter(cron, begin)
    theirs = [times.get_next(datetime).astimezone(UTC) for _ in range(60)]
    ours = due_times(task(schedule="cron", cron=cron, timezone=zone, starts_at=begin), 61)
    assert [due for due in ours if due != begin.astimezone(UTC)][:60] == theirs
    assert all(a < b for a, b in pairwise(ours))


def test_the_29th_of_february_is_due_in_leap_years() -> None:
    leap = task(schedule="cron", cron="0 12 29 2 *")
    assert [due.year for due in due_times(leap, 2)] == [2028, 2032]


def test_a_window_has_its_times_evenly_spread() -> None:
    row = task(interval_seconds=86_400, times=4, spread_seconds=28_800)
    hours = [(due.day, due.hour) for due in due_times(row, 6)]
    assert hours == [(1, 0), (1, 2), (1, 4), (1, 6), (2, 0), (2, 2)]


def test_a_single_window_ends_with_its_last_time() -> None:
    row = task(schedule="once", times=3, spread_seconds=90)
    assert [due.second + 60 * due.minute for due in due_times(row, 9)] == [0, 30, 60]


def test_an_edited_window_goes_on_with_its_next_time() -> None:
    row = task(interval_seconds=3600, times=6, spread_seconds=3600)
    moment = row.starts_at + timedelta(hours=5, minutes=11)
    assert due_from(row, moment) == row.starts_at + timedelta(hours=5, minutes=20)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_times_of_uneven_windows_are_never_doubled(zone: str) -> None:
    row = task(schedule="cron", cron="0 0 * * *", timezone=zone, times=7, spread_seconds=23 * 3600)
    found = due_times(row, 7 * 366)
    assert all(a < b for a, b in pairwise(found))
    assert {due.minute for due in islice(found, 0, None, 7)} == {0}


def test_a_window_that_overlaps_the_next_is_refused() -> None:
    row = task(schedule="cron", cron="0 9 * * *", timezone="Europe/Berlin", spread_seconds=86_400)
    with pytest.raises(ScheduleError, match="not over when the next begins, 82800 s later"):
        require_window_to_fit(row)


def test_several_times_need_a_window() -> None:
    with pytest.raises(ScheduleError, match="3 times need a window"):
        require_window_to_fit(task(interval_seconds=60, times=3, spread_seconds=0))


def test_a_turn_that_is_behind_the_end_of_its_window_is_refused() -> None:
    late = task(interval_seconds=86_400, spread_seconds=7200, times=2, window_seconds=3600)
    require_window_to_fit(late)
    late.window_seconds = 3599
    with pytest.raises(ScheduleError, match="may not sign later than 3599 s after their due time"):
        require_window_to_fit(late)
