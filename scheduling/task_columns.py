"""What the console says of a task's times and wallets, in words."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from scheduling.members import wallets_of
from scheduling.models import Task
from scheduling.schedule import ScheduleError, next_due
from wallets.console import show

_SHOWN = 4


def following_times(row: Task) -> str:
    """The due times behind the next one."""
    try:
        found = [f"{due:%Y-%m-%d %H:%M:%S}" for due in islice(_following(row), _SHOWN)]
    except ScheduleError as error:
        return str(error)
    return ", ".join(found) or show.NOTHING


def wallet_count(row: Task) -> str:
    """How many wallets it would run with now."""
    if row._state.adding:
        return show.NOTHING
    count = wallets_of(row).count()
    return "1 wallet" if count == 1 else f"{count} wallets"


def _following(row: Task) -> Iterator[datetime]:
    due = row.next_due_at
    while due is not None and (due := next_due(row, due)) is not None:
        yield due
