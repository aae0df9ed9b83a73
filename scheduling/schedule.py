"""When a task is due: plain arithmetic on its schedule."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from scheduling.models import Task


class ScheduleError(ValueError):
    """The schedule cannot be understood; the message says which part."""


def next_due(task: Task, after: datetime | None) -> datetime | None:
    """The first due time after `after` (the first of all for None); None when there is no more."""
    due = _first(task) if after is None else _following(task, after)
    if due is None or (task.ends_at and due > task.ends_at):
        return None
    return due


def due_from(task: Task, moment: datetime) -> datetime | None:
    """The first due time that is not before `moment`, on the schedule's own beat."""
    if task.max_occurrences is not None and task.due_count >= task.max_occurrences:
        return None
    due = _not_before(task, max(moment, task.starts_at))
    if due is None or (task.ends_at and due > task.ends_at):
        return None
    return due


def _not_before(task: Task, moment: datetime) -> datetime | None:
    match task.schedule:
        case Task.Schedule.INTERVAL:
            beat = timedelta(seconds=task.interval_seconds or 1)
            return task.starts_at - (task.starts_at - moment) // beat * beat
        case Task.Schedule.CRON:
            return _cron(task, moment - timedelta(seconds=1))
    return task.starts_at if task.starts_at >= moment else None


def _first(task: Task) -> datetime | None:
    if task.schedule == Task.Schedule.CRON:
        # A cron time that equals the start counts.
        return _cron(task, task.starts_at - timedelta(seconds=1))
    return task.starts_at


def _following(task: Task, after: datetime) -> datetime | None:
    match task.schedule:
        case Task.Schedule.INTERVAL:
            return after + timedelta(seconds=task.interval_seconds or 1)
        case Task.Schedule.CRON:
            return _cron(task, after)
    return None


def _cron(task: Task, after: datetime) -> datetime:
    try:
        zone = ZoneInfo(task.timezone)
        found = croniter(task.cron, after.astimezone(zone)).get_next(datetime)
    except ZoneInfoNotFoundError as error:
        raise ScheduleError(f"{task.timezone!r} is no time zone; write one like UTC") from error
    except CroniterError as error:
        raise ScheduleError(f"{task.cron!r} is no cron expression: {error}") from error
    due: datetime = found
    return due
