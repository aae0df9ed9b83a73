"""What is under way: transactions, runs, tasks, jobs, workers."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Subquery
from prometheus_client.core import Metric

from airdrops_site.metrics.families import (
    NO_LABELS,
    Sample,
    age,
    gauge,
    labelled,
    single,
    summed,
)
from airdrops_site.metrics.scrape import Scrape
from protocols.models import Protocol
from scheduling.counting import REOPENED, RUNS
from scheduling.models import Run, Task
from scheduling.states import FINISHED_RUN, RunState
from wallets.models import Transaction, WorkerCluster
from wallets.selectors import stuck_transactions
from wallets.transactions.counting import TRANSACTIONS
from wallets.transactions.states import ENDED, ENDED_UNSENT, ON_CHAIN, PENDING
from wallets.transactions.states import TransactionState as S
from wallets.wakeups import waiting

# Named, so that partial indexes serve: what has ended is counted by tallies.
_LIVE = tuple(state for state in S.values if state not in ENDED)
_LIVE_RUNS = tuple(state for state in RunState.values if state not in FINISHED_RUN)


def collect(scrape: Scrape) -> Iterator[Metric]:
    """All of it."""
    yield _transactions(scrape)
    yield from _under_way(scrape)
    yield _last_transactions()
    yield _runs(scrape)
    yield from _tasks(scrape)
    yield from _jobs(scrape)


def _transactions(scrape: Scrape) -> Metric:
    live = Transaction.objects.filter(state__in=_LIVE).order_by()
    rows = live.values_list("network__slug", "protocol", "state").annotate(count=Count("pk"))
    samples: list[Sample] = [
        ((network, protocol, state), n) for network, protocol, state, n in rows
    ]
    for labels, value in scrape.counted(TRANSACTIONS):
        outcome = labels["outcome"]
        state = outcome if outcome in ENDED_UNSENT else S.FINAL.value
        samples.append(((labels["network"], labels["protocol"], state), value))
    text = "Transactions by the state they are in; ended ones also after their rows are gone."
    return gauge("transactions", text, ("network", "protocol", "state"), summed(samples))


def _under_way(scrape: Scrape) -> Iterator[Metric]:
    """Zero is said aloud for every network: an alert on a missing series never fires."""
    zeros: list[Sample] = [((network,), 0) for network in scrape.networks]
    pending = Transaction.objects.filter(state__in=PENDING).order_by()
    stuck = stuck_transactions(scrape.now)
    for name, text, rows in (
        ("pending", "Transactions with a nonce that are in no block.", pending),
        ("stuck", "Transactions with a nonce for long that are in no block.", stuck),
    ):
        counts = rows.values_list("network__slug").annotate(count=Count("pk"))
        samples = summed([*zeros, *labelled(counts)])
        yield gauge(f"transactions_{name}", text, ("network",), samples)


def _last_transactions() -> Metric:
    """One question with each protocol's name written out.

    For a name that it does not know PostgreSQL would read the whole history of one that rests.
    """
    wanted = [
        (protocol, state)
        for protocol in Protocol.objects.order_by("slug").values_list("slug", flat=True)
        for state in ON_CHAIN
    ]
    columns = {f"at_{place}": Subquery(_newest(*one)) for place, one in enumerate(wanted)}
    times = Protocol.objects.order_by().annotate(**columns).values_list(*columns).first() or ()
    found: dict[str, list[datetime]] = {}
    for (protocol, _), at in zip(wanted, times, strict=True):
        if at is not None:
            found.setdefault(protocol, []).append(at)
    return gauge(
        "protocol_last_transaction_timestamp_seconds",
        "When a transaction of the protocol last went on in a block.",
        ("protocol",),
        (((protocol,), max(times).timestamp()) for protocol, times in found.items()),
    )


def _newest(protocol: str, state: str) -> QuerySet[Transaction, datetime]:
    rows = Transaction.objects.filter(protocol=protocol, state=state).order_by("-id")
    return rows.values_list("state_changed_at", flat=True)[:1]


def _runs(scrape: Scrape) -> Metric:
    rows = Run.objects.filter(state__in=_LIVE_RUNS).order_by().values_list("state")
    samples = list(labelled(rows.annotate(count=Count("pk"))))
    for name, sign in ((RUNS, 1), (REOPENED, -1)):
        samples += [((labels["outcome"],), sign * n) for labels, n in scrape.counted(name)]
    text = "Runs by the state they are in; ended ones also after their rows are gone."
    return gauge("runs", text, ("state",), summed(samples))


def _tasks(scrape: Scrape) -> Iterator[Metric]:
    due = Q(enabled=True, next_due_at__lte=scrape.now)
    tasks = Task.objects.aggregate(
        on=Count("pk", filter=Q(enabled=True)),
        off=Count("pk", filter=Q(enabled=False)),
        due=Count("pk", filter=due),
        oldest=Min("next_due_at", filter=due),
    )
    counts = labelled((("true", tasks["on"]), ("false", tasks["off"])))
    yield gauge("tasks", "Standing orders.", ("enabled",), counts)
    yield gauge("tasks_due", "Tasks due and not made into runs.", NO_LABELS, single(tasks["due"]))
    yield gauge(
        "task_wait_seconds",
        "How long the longest waiting due task has waited for its run.",
        NO_LABELS,
        single(age(scrape.now, tasks["oldest"]) or 0.0),
    )


def _jobs(scrape: Scrape) -> Iterator[Metric]:
    """Asked of our own rows: the same with every broker."""
    count, waits = waiting(scrape.now)
    text = "Jobs that were asked for and that no worker has begun."
    yield gauge("queue_jobs", text, NO_LABELS, single(count))
    text = "How long the longest waiting job has waited for a worker."
    yield gauge("queue_oldest_seconds", text, NO_LABELS, single(waits.total_seconds()))
    clusters = WorkerCluster.objects.filter(fenced_at=None, beat_at__isnull=False).order_by()
    beats = clusters.values_list("host").annotate(newest=Max("beat_at"))
    yield gauge(
        "worker_heartbeat_age_seconds",
        "Age of the newest heartbeat of the workers of a host.",
        ("host",),
        (((host,), age(scrape.now, newest) or 0.0) for host, newest in beats),
    )
