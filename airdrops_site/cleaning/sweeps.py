"""What may go, and why nothing misses it. What is not named here stays.

Transactions, attempts, receipts, transitions, ledger entries, reports, campaigns, occurrences (the
key that makes a due time happen once) and reservations of limits are never deleted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django_q.models import OrmQ
from django_q.models import Task as QueueResult

from airdrops_site.cleaning.answers import old_answers, remove_answers
from airdrops_site.cleaning.runs import idle_runs, remove_runs
from airdrops_site.models import Operation
from airdrops_site.operations import DONE
from analytics.models import Alert, AllocationRun, Notification, Silence
from wallets import tallies
from wallets.models import AllowanceScan, Lease, WakeUp, WorkerCluster

# Who did what in the console is asked for longest after.
KEEP_CONSOLE_LOG = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Moments:
    """When it is, and before when things are old."""

    now: datetime
    cutoff: datetime
    # Runs go only up to where the sums over them are closed.
    runs_until: datetime | None


def _delete(rows: QuerySet[Any]) -> int:
    return sum(rows.delete()[1].values())


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rows of a table that may go, one reason for all of them."""

    table: str
    reason: str
    rows: Callable[[Moments], QuerySet[Any]]
    # Given at most a batch of `rows`, those that still may go; returns how many rows went.
    remove: Callable[[QuerySet[Any]], int] = _delete


def _scans(at: Moments) -> QuerySet[Any]:
    later = AllowanceScan.objects.filter(network=OuterRef("network"), pk__gt=OuterRef("pk"))
    later = later.filter(finished_at__isnull=False)
    return AllowanceScan.objects.filter(Exists(later), finished_at__lt=at.cutoff)


def _proposals(at: Moments) -> QuerySet[Any]:
    later = AllocationRun.objects.filter(policy=OuterRef("policy"), at__gt=OuterRef("at"))
    return AllocationRun.objects.filter(Exists(later), rebalances__isnull=True, at__lt=at.cutoff)


def _wake_ups(at: Moments) -> QuerySet[Any]:
    # Failures are counted over all rows, and a counter never falls.
    return WakeUp.objects.filter(
        enqueued_at__isnull=True, in_hand=0, failures=0, finished_at__lt=at.cutoff
    )


def _alerts(at: Moments) -> QuerySet[Any]:
    pending = Notification.objects.filter(alert=OuterRef("pk"), state=Notification.State.PENDING)
    return Alert.objects.filter(~Exists(pending), resolved_at__lt=at.cutoff)


def _operations(at: Moments) -> QuerySet[Any]:
    newest = Operation.objects.order_by().values("kind").annotate(n=Max("pk")).values("n")
    done = Operation.objects.filter(outcome__in=DONE).order_by()
    newest_done = done.values("kind").annotate(n=Max("pk")).values("n")
    old = Operation.objects.filter(ended_at__lt=at.cutoff)
    return old.exclude(Q(pk__in=newest) | Q(pk__in=newest_done))


def sweeps() -> Iterator[Sweep]:
    """All of them, in the order they are done in."""
    yield from _of_work()
    yield from _of_workers()
    yield from _of_people()
    yield from _of_alerts()


def _of_work() -> Iterator[Sweep]:
    yield Sweep(
        "runs that signed nothing",
        "their sums are kept, no step asked for a transaction or request, and a later run of the "
        "same task and wallet is there",
        lambda at: idle_runs(at.runs_until),
        remove_runs,
    )
    yield Sweep(
        "answers of endpoints",
        "the transaction they are about is final",
        lambda at: old_answers(at.cutoff),
        remove_answers,
    )
    yield Sweep("scans of allowances", "a later one of the network is finished", _scans)
    yield Sweep(
        "allocation proposals", "a later one of the policy is there, nothing came of it", _proposals
    )


def _of_workers() -> Iterator[Sweep]:
    yield Sweep(
        "wake-ups", "done, and asked for anew when there is work", _wake_ups, tallies.remove_jobs
    )
    yield Sweep(
        "results of jobs",
        "the rows that a job worked on say what came of it",
        lambda at: QueueResult.objects.filter(stopped__lt=at.cutoff),
    )
    yield Sweep(
        "jobs in the queue",
        "nobody took them in all that time; the pulse asks again for what is due",
        lambda at: OrmQ.objects.filter(lock__lt=at.cutoff),
    )
    yield Sweep(
        "worker clusters",
        "they have ended",
        lambda at: WorkerCluster.objects.filter(fenced_at__lt=at.cutoff),
    )
    yield Sweep(
        "leases",
        "they ran out, and are made again when somebody wants one",
        lambda at: Lease.objects.filter(expires_at__lt=at.cutoff),
    )


def _of_people() -> Iterator[Sweep]:
    yield Sweep(
        "sessions", "they have expired", lambda at: Session.objects.filter(expire_date__lt=at.now)
    )
    yield Sweep(
        "console log",
        "older than two years",
        lambda at: LogEntry.objects.filter(
            action_time__lt=min(at.cutoff, at.now - KEEP_CONSOLE_LOG)
        ),
    )


def _of_alerts() -> Iterator[Sweep]:
    yield Sweep("alerts", "resolved; their messages go with them", _alerts)
    yield Sweep(
        "messages of alerts",
        "sent or given up, and counted",
        lambda at: Notification.objects.filter(alert=None, created_at__lt=at.cutoff).exclude(
            state=Notification.State.PENDING
        ),
    )
    yield Sweep(
        "silences", "they have ended", lambda at: Silence.objects.filter(until__lt=at.cutoff)
    )
    yield Sweep("operations", "a later one of the kind is there", _operations)
