"""Wake-ups: a django-q2 job says "look at your rows", never what to do.

A piece of repeating work registers itself once. Services ask for it when they commit (`wake`);
the pulse asks for what is due and makes up what was lost. Doing it twice or late is harmless.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

import structlog
from django.db import transaction
from django.db.models import Case, Count, F, Min, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from wallets.chain import timings
from wallets.clusters import beat, is_stopping
from wallets.models import WakeUp

log = structlog.get_logger(__name__)

# A job that was enqueued this long ago and never began was lost with its worker or its broker.
LOST_AFTER = timedelta(seconds=8)
# The pulse asks for what is due that often at the least, while there is one.
ASKED_LATELY = timedelta(minutes=1)
# A worker that needs longer for one job is ended by its cluster (Q_CLUSTER's timeout).
LONGEST_JOB = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Periodic:
    """Repeating work: the function at `path` is called with each argument that `due` yields."""

    name: str
    path: str
    due: Callable[[], Iterable[str]]


_registered: dict[str, Periodic] = {}


def register(periodic: Periodic) -> None:
    """Make the work known to the pulse; registering twice is the same as once."""
    _registered[periodic.name] = periodic


def registered() -> tuple[Periodic, ...]:
    """All repeating work, in order of registration (lower floors first)."""
    return tuple(_registered.values())


def wake(name: str, argument: str = "") -> None:
    """Ask for the work once the current database transaction has committed."""
    transaction.on_commit(lambda: request(name, argument))


def request(name: str, argument: str = "") -> bool:
    """Enqueue a job unless one is already waiting; whether one was enqueued."""
    key = f"{name}:{argument}" if argument else name
    now = timezone.now()
    row, _ = WakeUp.objects.get_or_create(
        key=key, defaults={"path": _registered[name].path, "argument": argument}
    )
    claimed = WakeUp.objects.filter(
        Q(enqueued_at__isnull=True) | Q(enqueued_at__lt=now - LOST_AFTER), pk=row.pk
    ).update(enqueued_at=now, waiting_since=_since(now), path=_registered[name].path)
    if claimed:
        async_task("wallets.wakeups.run", key, ack_failure=True)
    return bool(claimed)


def run(key: str) -> None:
    """What a worker does with a job; the one runner that keeps failures from being lost."""
    beat()
    row = WakeUp.objects.get(key=key)
    if is_stopping():
        # Another cluster's pulse, or this one's next start, asks for it again.
        WakeUp.objects.filter(pk=row.pk).update(enqueued_at=None)
        return
    now = timezone.now()
    # Cleared before the work: what is asked for meanwhile gets a job of its own.
    WakeUp.objects.filter(pk=row.pk).update(
        enqueued_at=None, started_at=now, in_hand=_one_more(now)
    )
    with structlog.contextvars.bound_contextvars(job=key):
        try:
            _function(row.path)(*([row.argument] if row.argument else []))
        except Exception as error:
            log.exception("wakeup_failed")
            WakeUp.objects.filter(pk=row.pk).update(
                failures=F("failures") + 1, last_error=type(error).__name__, in_hand=_ONE_LESS
            )
            return
    timings.flush_when_due()
    WakeUp.objects.filter(pk=row.pk).update(
        finished_at=timezone.now(),
        last_error="",
        in_hand=_ONE_LESS,
        completed=F("completed") + 1,
    )


def _since(now: datetime) -> Case:
    """Asked for again is no new waiting."""
    return Case(When(enqueued_at__isnull=True, then=now), default=F("waiting_since"))


_ONE_LESS = Case(When(in_hand__gt=0, then=F("in_hand") - 1), default=0)


def _one_more(now: datetime) -> Case:
    """What was begun longer ago than any job may take was killed, and is in no hand any more."""
    killed = Q(started_at__isnull=True) | Q(started_at__lt=now - LONGEST_JOB)
    return Case(When(killed, then=1), default=F("in_hand") + 1)


def forget_queue() -> None:
    """Drop all jobs that wait in the database: nobody knows who asked for them, or when.

    Of another broker nothing is dropped; a job there does no more than the pulse asks for.
    """
    OrmQ.objects.all().delete()


def waiting(now: datetime) -> tuple[int, timedelta]:
    """How many jobs no worker has begun, and how long the oldest of them has waited.

    What nobody has asked for again lately was lost with its broker and is due no more: it counts,
    and does not wait.
    """
    rows = WakeUp.objects.filter(enqueued_at__isnull=False).order_by()
    asked = Q(enqueued_at__gte=now - ASKED_LATELY)
    since = Min(Coalesce("waiting_since", "enqueued_at"), filter=asked)
    found = rows.aggregate(count=Count("pk"), since=since)
    return found["count"], max(now - (found["since"] or now), timedelta(0))


def in_hand() -> list[str]:
    """The jobs that workers are at now; not their heartbeats."""
    since = timezone.now() - LONGEST_JOB
    rows = WakeUp.objects.filter(in_hand__gt=0, started_at__gte=since)
    keys = rows.exclude(key__startswith="beat").order_by("key").values_list("key", flat=True)
    return list(keys)


def each[Item](
    work: Callable[[Item], object],
    items: Iterable[Item],
    failed: Callable[[Item, Exception], object] | None = None,
) -> None:
    """Do the work for each; one that fails is logged, and keeps no other from its turn."""
    for item in items:
        if is_stopping():
            return
        try:
            work(item)
        except Exception as error:
            log.exception("work_failed", work=getattr(work, "__name__", ""), item=str(item))
            if failed is not None:
                failed(item, error)


def _function(path: str) -> Callable[..., object]:
    module, _, name = path.rpartition(".")
    function: Callable[..., object] = getattr(import_module(module), name)
    return function
