"""When a task is due: plain arithmetic on its schedule.

A window begins at each time of the schedule; it is as long as the task's runs are spread, and has
a slot for each of the times that the task runs in it. A due time is the beginning of a slot.
"""

from datetime import datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter

from scheduling.models import Task

# Times of a cron expression that are looked at for the shortest time between two.
_LOOKED_AT = 1000
_MOMENT = timedelta(microseconds=1)


class ScheduleError(ValueError):
    """The schedule cannot be understood; the message says which part."""


def next_due(task: Task, after: datetime | None) -> datetime | None:
    """The first due time after `after` (the first of all for None); None when there is no more."""
    due = _begin_after(task, task.starts_at - _MOMENT) if after is None else _slot(task, after)
    return None if due is None or (task.ends_at and due > task.ends_at) else due


def due_from(task: Task, moment: datetime) -> datetime | None:
    """The first due time that is not before `moment`, on the schedule's own beat."""
    if task.max_occurrences is not None and task.due_count >= task.max_occurrences:
        return None
    return next_due(task, max(moment, task.starts_at) - _MOMENT)


def slot_length(task: Task) -> timedelta:
    """How much time there is from one of the times in a window to the next."""
    return timedelta(seconds=task.spread_seconds or 0) / task.times


def require_window_to_fit(task: Task) -> None:
    """ScheduleError unless each window is over when the next begins, and has a turn for all."""
    spread = task.spread_seconds or 0
    if task.times > 1 and not spread:
        raise ScheduleError(f"{task.times} times need a window; write how long their spread is")
    if not spread:
        return
    slot = slot_length(task).total_seconds()
    if task.window_seconds is not None and task.window_seconds < slot:
        raise ScheduleError(
            f"its wallets begin over {slot:.0f} s and may not sign later than "
            f"{task.window_seconds} s after their due time: the last would always fail; write a "
            "longer window or a shorter spread"
        )
    gap = _shortest_gap(task)
    if gap is not None and spread > gap.total_seconds():
        raise ScheduleError(
            f"a window of {spread} s is not over when the next begins, {gap.total_seconds():.0f} s "
            "later; write a shorter spread"
        )


def _slot(task: Task, after: datetime) -> datetime | None:
    """The first beginning of a slot after `after`."""
    following = _begin_after(task, after)
    if task.times == 1:
        return following
    spread = timedelta(seconds=task.spread_seconds or 0)
    begin = _begin_after(task, after - spread)
    if begin is None or begin > after:
        return following
    place = (after - begin) * task.times // spread
    slots = (begin + spread * at / task.times for at in range(place, task.times))
    found = next((slot for slot in slots if slot > after), None)
    return min((one for one in (found, following) if one), default=None)


def _begin_after(task: Task, moment: datetime) -> datetime | None:
    """The first beginning of a window after `moment`."""
    if moment < task.starts_at - _MOMENT:
        moment = task.starts_at - _MOMENT
    match task.schedule:
        case Task.Schedule.INTERVAL:
            beat = timedelta(seconds=task.interval_seconds or 1)
            return task.starts_at + ((moment - task.starts_at) // beat + 1) * beat
        case Task.Schedule.CRON:
            return _cron(task, moment)
    return task.starts_at if task.starts_at > moment else None


def _cron(task: Task, after: datetime) -> datetime:
    due: datetime = _iterator(task, after).get_next(datetime)
    return due


def _iterator(task: Task, after: datetime) -> croniter:
    try:
        zone = ZoneInfo(task.timezone)
        return croniter(task.cron, after.astimezone(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        if isinstance(error, CroniterError):
            raise ScheduleError(f"{task.cron!r} is no cron expression: {error}") from error
        raise ScheduleError(f"{task.timezone!r} is no time zone; write one like UTC") from error


def _shortest_gap(task: Task) -> timedelta | None:
    """The shortest time between two windows; None where there is but one."""
    match task.schedule:
        case Task.Schedule.INTERVAL:
            return timedelta(seconds=task.interval_seconds or 1)
        case Task.Schedule.CRON:
            found = _iterator(task, task.starts_at)
            times = (found.get_next(float) for _ in range(_LOOKED_AT))
            try:
                return timedelta(seconds=min(b - a for a, b in pairwise(islice(times, _LOOKED_AT))))
            except CroniterError as error:
                raise ScheduleError(f"{task.cron!r} is no cron expression: {error}") from error
    return None


def in_words(task: Task) -> str:
    """How often it is due, and over how long its runs are spread."""
    match task.schedule:
        case Task.Schedule.INTERVAL:
            often = f"every {task.interval_seconds} s"
        case Task.Schedule.CRON:
            often = f"{task.cron} ({task.timezone})"
        case _:
            often = f"once, {task.starts_at:%Y-%m-%d %H:%M} UTC"
    times = f"{task.times} times, " if task.times > 1 else ""
    return f"{often}, {times}over {task.spread_seconds} s" if task.spread_seconds else often
