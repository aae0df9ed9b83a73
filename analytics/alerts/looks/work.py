"""Workers, jobs, transactions, runs."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce

from analytics.alerts.facts import Fact, Look
from analytics.alerts.job_marks import jobs_since
from scheduling.allowances import needing_operator
from scheduling.approvals.asking import waiting_approvals
from scheduling.models import Run, Task
from scheduling.pauses import undispatched
from scheduling.states import RunState
from wallets.models import SignedRequest, Transaction, WakeUp, WorkerCluster
from wallets.selectors import stuck_transactions
from wallets.transactions.states import Outcome
from wallets.transactions.states import RequestState as R
from wallets.transactions.states import TransactionState as S
from wallets.wakeups import waiting

# A rate of a few says nothing.
_LEAST = 20
_LEAST_JOBS = 100
_WITHIN = timedelta(hours=1)
# The newest only: no index knows when, and an hour has fewer.
_NEWEST = 5_000
# A host that was taken out of service a day ago is gone for good.
_GONE = timedelta(days=1)


def silent_hosts(look: Look) -> Iterator[Fact]:
    """Hosts whose workers have shown no heartbeat for so many seconds; another's worker says it."""
    seen = Coalesce(F("beat_at"), F("started_at"))
    rows = WorkerCluster.objects.filter(fenced_at=None).order_by().values_list("host")
    for host, newest in rows.annotate(newest=Max(seen)):
        silent = look.now - newest
        if timedelta(seconds=look.threshold) < silent < _GONE:
            yield Fact(host, f"the workers of {host} are silent for {silent.total_seconds():.0f} s")


def failing_jobs(_look: Look) -> Iterator[Fact]:
    """Jobs whose last turn ended with an error that nobody expected."""
    rows = WakeUp.objects.exclude(last_error="").order_by().values_list("path")
    for path, error in rows.annotate(error=Max("last_error")):
        job = path.rpartition(".")[2]
        yield Fact(job, f"the workers' job {job} ends with {error}; the log says more")


def failing_share(look: Look) -> Iterator[Fact]:
    """More than so many percent of the jobs that ended within an hour ended with an error."""
    found = jobs_since(look.now - _WITHIN)
    if found is None or found[0] < _LEAST_JOBS:
        return
    ended, failed = found
    if failed * 100 > ended * look.threshold:
        told = f"{failed} of the {ended} jobs of the last hour ended with an error"
        yield Fact("jobs", told)


def waiting_jobs(look: Look) -> Iterator[Fact]:
    """A job was asked for so many seconds ago and no worker has begun it."""
    count, waits = waiting(look.now)
    if waits > timedelta(seconds=look.threshold):
        told = f"{count} jobs wait for a worker, the oldest for {waits.total_seconds():.0f} s"
        yield Fact("queue", told)


def many_jobs(look: Look) -> Iterator[Fact]:
    """More than so many jobs wait for a worker."""
    count, _ = waiting(look.now)
    if count > look.threshold:
        yield Fact("queue", f"{count} jobs wait for a worker")


def late_tasks(look: Look) -> Iterator[Fact]:
    """Tasks that are due for so many seconds and were not made into runs."""
    due = look.now - timedelta(seconds=look.threshold)
    late = Task.objects.filter(~undispatched(), enabled=True, next_due_at__lt=due).count()
    if late:
        yield Fact("scheduler", f"{late} due tasks wait longer than {look.threshold} s for a run")


def stuck(look: Look) -> Iterator[Fact]:
    """Networks with more than so many transactions that should be in a block."""
    rows = stuck_transactions(look.now).values_list("network__slug").annotate(count=Count("pk"))
    for slug, count in rows:
        if count > look.threshold:
            yield Fact(slug, f"{count} transactions on {slug} have a nonce for long and no block")


def needing_a_person(_look: Look) -> Iterator[Fact]:
    """What only a person can settle, by kind."""
    waiting = (
        ("transactions", Transaction.objects.filter(state=S.NEEDS_OPERATOR)),
        ("signed requests", SignedRequest.objects.filter(state=R.NEEDS_OPERATOR)),
        ("runs", Run.objects.filter(state=RunState.NEEDS_OPERATOR)),
        ("allowances", needing_operator()),
    )
    for kind, rows in waiting:
        if count := rows.count():
            yield Fact(kind, f"{count} {kind} need an operator; each says why")


def low_success(look: Look) -> Iterator[Fact]:
    """Fewer than so many percent of what ended within an hour did what it was to do."""
    newest = Transaction.objects.order_by("-id").values("pk")[:_NEWEST]
    ended = Transaction.objects.filter(pk__in=newest, state_changed_at__gte=look.now - _WITHIN)
    found = ended.aggregate(
        good=Count("pk", filter=Q(outcome=Outcome.SUCCEEDED)),
        bad=Count("pk", filter=Q(outcome=Outcome.REVERTED)),
    )
    total = found["good"] + found["bad"]
    if total >= _LEAST and found["good"] * 100 < look.threshold * total:
        percent = found["good"] * 100 // total
        told = f"{percent} % of the {total} transactions of the last hour succeeded"
        yield Fact("transactions", told)


def waiting_for_consent(_look: Look) -> Iterator[Fact]:
    """Runs that wait for a second person."""
    if count := waiting_approvals().count():
        yield Fact("approvals", f"{count} runs wait for a second person")
