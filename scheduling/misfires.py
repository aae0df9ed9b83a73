"""Due times that passed while nothing ran: skipped, made up once, or all made up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduling.models import Task

MISSED = "missed"


def missed(
    task: Task, due_times: Sequence[datetime], following: datetime | None, now: datetime
) -> set[datetime]:
    """Those that the task's policy skips.

    `once` makes up all that were missed with one run: that of the first due time since that was
    not missed, or else of the latest.
    """
    late = now - timedelta(seconds=task.misfire_grace_seconds)
    match task.misfire:
        case Task.Misfire.ALL:
            return set()
        case Task.Misfire.SKIP:
            return {due for due in due_times if due < late}
    after = (*due_times[1:], following)
    # One without due times has something behind them all the same.
    superseded = zip(due_times, after, strict=False)
    return {due for due, later in superseded if due < late and later is not None and later <= now}
