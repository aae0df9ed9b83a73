"""Random worlds of tasks: made, worked through by workers that crash, and judged afterwards."""

import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.db.models import DateTimeField, F
from django.utils import timezone

from scheduling.dispatch import dispatch_due
from scheduling.models import Occurrence, Run, Step, Task, TaskDependency
from scheduling.points import DispatchPoint
from scheduling.runs import advance_runs
from tests.scheduling.tasks import payer, paying
from tests.threads import workers
from wallets.models import Limit, Transaction, Transition
from wallets.transactions import points
from wallets.transactions.operator import NotPossible, cancel_transaction
from wallets.transitions import LostRace

HOUR = timedelta(hours=1)
TURNS = 4
CRASHES = 0.15
FINISHED = ("succeeded", "failed", "cancelled")
_chance = threading.local()


class Crash(BaseException):
    """A worker dies here, and its connection with it."""


@dataclass(frozen=True, slots=True)
class Order:
    """An hourly task that was not dispatched for so long; it needs earlier ones, by their place."""

    action: str
    priority: int
    misfire: str
    late_hours: int
    max_running: int | None
    needs: frozenset[int] | set[int]
    condition: str


@dataclass(frozen=True, slots=True)
class World:
    """Tasks for the same wallets, and how many workers see to them."""

    orders: list[Order]
    wallets: int
    workers: int
    most_running: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """A task of a world, and the times at which it was due."""

    task: Task
    order: Order
    wallets: list[int]
    times: list[datetime]


def make(world: World, name: str) -> list[Made]:
    """The world's tasks; the last due time of each is a minute old."""
    wallets = [payer(f"{name}-{number}") for number in range(world.wallets)]
    if world.most_running is not None:
        Limit.objects.create(kind="max_running", scope_kind="everything", amount=world.most_running)
    made: list[Made] = []
    for place, order in enumerate(world.orders):
        latest = timezone.now() - timedelta(minutes=1, seconds=place)
        times = [latest - HOUR * ago for ago in range(order.late_hours, -1, -1)]
        until = {"until": (latest - HOUR).isoformat()}
        task = paying(
            *wallets,
            needs=tuple(made[need].task for need in order.needs if need < place),
            name=f"{name}-{place}",
            action=order.action,
            schedule="interval",
            interval_seconds=3600,
            starts_at=times[0],
            priority=order.priority,
            misfire=order.misfire,
            max_running=order.max_running if order.action == "pay" else None,
            **({"params": until} if order.action == "sleep" else {}),
        )
        TaskDependency.objects.filter(task=task).update(condition=order.condition)
        made.append(Made(task, order, [wallet.pk for wallet in wallets], times))
    return made


def work(world: World) -> None:
    """Every worker has its turns at once; one that crashes starts anew."""
    with workers(world.workers) as submit:
        turns = [
            submit(_work_until_crash, world.seed + worker * 100 + turn)
            for turn in range(TURNS)
            for worker in range(world.workers)
        ]
        for done in turns:
            done.result(timeout=120)


def jump(clock: timedelta) -> None:
    """Set the clock on, or back: every moment that is written down moves the other way."""
    for model in (Task, Occurrence, Run, Step, Transaction):
        moments = [one.name for one in model._meta.fields if isinstance(one, DateTimeField)]
        model._default_manager.update(**{name: F(name) - clock for name in moments})


def require_each_due_time_whatever_the_clock(made: list[Made], jumps: list[timedelta]) -> None:
    """The due times up to the latest moment that the clock has shown, each once."""
    ahead = max(sum(jumps[:so_far], timedelta()) for so_far in range(len(jumps) + 1))
    latest = timezone.now() + ahead - sum(jumps, timedelta())
    for one in made:
        begin = Task.objects.get(pk=one.task.pk).starts_at
        times = [begin + HOUR * number for number in range((latest - begin) // HOUR + 1)]
        rows = Occurrence.objects.filter(task=one.task).values_list("wallet", "due_at")
        assert sorted(rows) == sorted((wallet, due) for wallet in one.wallets for due in times)


def rest() -> None:
    """Turns without crashes until nothing changes any more."""
    before: list[tuple[int, str]] | None = None
    while (now := list(Run.objects.order_by("pk").values_list("version", "state"))) != before:
        before = now
        _turn(random.Random(0))


def forget(made: list[Made]) -> None:
    """Leave nothing behind that the next world would see to."""
    Task.objects.filter(pk__in=[one.task.pk for one in made]).update(enabled=False)
    Run.objects.update(wake_at=None)
    Limit.objects.all().delete()


def _work_until_crash(seed: int) -> None:
    _chance.now = random.Random(seed)
    try:
        with suppress(Crash):
            _turn(_chance.now)
    finally:
        _chance.now = None


def _turn(chance: random.Random) -> None:
    """What the pulse asks for, every pause being over; and a person who cancels payments."""
    moment = timezone.now() - timedelta(seconds=1)
    Run.objects.filter(wake_at__gt=moment).update(wake_at=moment)
    Step.objects.exclude(look_at=None).update(look_at=moment)
    dispatch_due()
    advance_runs()
    rows = list(Transaction.objects.filter(state="queued").values_list("pk", flat=True))
    for pk in chance.sample(rows, (len(rows) + 1) // 2):
        with suppress(NotPossible, LostRace):
            cancel_transaction(transaction_id=pk, actor="a person", reason="not now")
    advance_runs()


def _perhaps_crash(point: StrEnum, _kind: str) -> None:
    chance = getattr(_chance, "now", None)
    if chance is not None and isinstance(point, DispatchPoint) and chance.random() < CRASHES:
        connection.close()
        raise Crash(point)


points.listen(_perhaps_crash)


def require_each_due_time_once(made: list[Made]) -> None:
    """The occurrences are those of the schedule, skipped as the policy says."""
    for one in made:
        late = timezone.now() - timedelta(seconds=one.task.misfire_grace_seconds)
        skipped = {
            "all": set[datetime](),
            "skip": {due for due in one.times if due < late},
            "once": set(one.times[:-1]),
        }[one.order.misfire]
        rows = Occurrence.objects.filter(task=one.task).values_list("wallet", "due_at", "state")
        assert sorted(rows) == sorted(
            (wallet, due, "skipped" if due in skipped else "started")
            for wallet in one.wallets
            for due in one.times
        )


def require_runs_begun_once(made: list[Made]) -> None:
    """A run for each occurrence that was not skipped, with one step if it has begun, else none."""
    for one in made:
        started = Occurrence.objects.filter(task=one.task, state="started").count()
        runs = list(Run.objects.filter(task=one.task).prefetch_related("steps"))
        assert len(runs) == started
        for run in runs:
            times = Transition.objects.filter(
                subject="run", subject_id=run.pk, to_state="running"
            ).count()
            assert times == len(run.steps.all()) == (run.state in FINISHED)


def require_order_of_needs(made: list[Made]) -> None:
    """Nothing began before what it needs had ended as it must."""
    for one in made:
        for need in TaskDependency.objects.filter(task=one.task):
            for run in Run.objects.filter(task=one.task, state__in=FINISHED):
                other = _needed(run, need)
                wanted = ("succeeded",) if need.condition == "succeeded" else FINISHED
                if other is None:
                    assert need.condition == "completed"
                    continue
                assert other.state in wanted
                assert _at(run, "running") >= other.state_changed_at


def _needed(run: Run, need: TaskDependency) -> Run | None:
    """Today's run of the needed task; None where that was skipped."""
    rows = Occurrence.objects.filter(task=need.needs_id, wallet=run.wallet_id)
    before = [row for row in rows if row.due_at <= run.occurrence.due_at]
    counts = max(before, key=lambda row: row.due_at) if before else min(rows, key=_due)
    return Run.objects.filter(occurrence=counts).first()


def _due(row: Occurrence) -> datetime:
    return row.due_at


def require_places_kept(made: list[Made], most_running: int | None) -> None:
    """Of payments, which wait for nothing, no more at a time than the limits allow."""
    paying_tasks = [one for one in made if one.order.action == "pay"]
    for one in paying_tasks:
        if one.order.max_running is not None:
            assert _most_at_once([one]) <= one.order.max_running
    if most_running is not None:
        assert _most_at_once(paying_tasks) <= most_running


def _most_at_once(made: list[Made]) -> int:
    running = most = 0
    for _, change in sorted(_changes(made)):
        running += change
        most = max(most, running)
    return most


def _changes(made: list[Made]) -> Iterator[tuple[datetime, int]]:
    runs = Run.objects.filter(task__in=[one.task for one in made]).values("pk")
    for row in Transition.objects.filter(subject="run", subject_id__in=runs):
        if row.to_state == "running":
            yield row.at, 1
        elif row.from_state == "running":
            yield row.at, -1


def _at(run: Run, state: str) -> datetime:
    return Transition.objects.get(subject="run", subject_id=run.pk, to_state=state).at
