"""What is pending, and whether the workers may be stopped or killed now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone

from scheduling.models import Run
from scheduling.pauses import wake_held
from scheduling.states import UNFINISHED_RUN
from wallets import clusters, drain, wakeups
from wallets.models import NonceLane, SignedRequest, Transaction, WorkerCluster
from wallets.transactions.states import MOST_UNSENT, RequestState, TransactionState

# They only read, and are safe to be killed at any moment.
_READERS = ("watch", "balances", "prices", "allowances", "verify")
_UNDER_WAY = (
    TransactionState.QUEUED,
    TransactionState.HELD,
    TransactionState.RESERVED,
    TransactionState.SIGNED,
    TransactionState.BROADCAST,
    TransactionState.INCLUDED,
    TransactionState.CONFIRMED,
    TransactionState.NEEDS_OPERATOR,
)


@dataclass(frozen=True, slots=True)
class Pending:
    """What was begun and is not over, by state."""

    jobs: tuple[str, ...]
    runs: dict[str, int]
    transactions: dict[str, int]

    def as_facts(self) -> dict[str, Any]:
        """Plain values."""
        return {"jobs": list(self.jobs), "runs": self.runs, "transactions": self.transactions}

    def __str__(self) -> str:
        jobs = ", ".join(self.jobs) or "none"
        runs, transactions = _told(self.runs), _told(self.transactions)
        return f"jobs in hand: {jobs}; runs: {runs}; transactions: {transactions}"


def still_pending() -> Pending:
    """As the database has it now."""
    return Pending(
        tuple(wakeups.in_hand()),
        _by_state(Run.objects.filter(state__in=UNFINISHED_RUN)),
        _by_state(Transaction.objects.filter(state__in=_UNDER_WAY)),
    )


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether stopping is safe now: `reasons` why not yet, `doubts` why nobody can say."""

    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    pending: Pending

    @property
    def code(self) -> int:
        """0 safe, 1 not yet, 2 nobody can tell."""
        return 2 if self.doubts else int(bool(self.reasons))


def readiness() -> Readiness:
    """Whether the workers may be stopped or killed without leaving anything half done."""
    pending = still_pending()
    return Readiness(tuple(_reasons(pending)), tuple(_doubts()), pending)


def _reasons(pending: Pending) -> Iterator[str]:
    if clusters.live_workers() and not drain.drain_reason():
        yield "workers take new work; `manage.py drain start` has them begin nothing"
    jobs = [one for one in pending.jobs if one.partition(":")[0] not in _READERS]
    if jobs:
        yield f"jobs are in hand: {', '.join(jobs)}"
    for lane in NonceLane.objects.filter(lease_expires_at__gt=timezone.now())[:MOST_UNSENT]:
        yield f"the lane {lane} has its turn now"
    if reserved := Transaction.objects.filter(state=TransactionState.RESERVED).count():
        yield f"{reserved} transactions are reserved: a signer's answer is awaited"
    if unsent := _unsent():
        yield f"{unsent} are signed and were not sent yet"


def _unsent() -> int:
    signed = Transaction.objects.filter(state=TransactionState.SIGNED)
    requests = SignedRequest.objects.filter(state=RequestState.SIGNED)
    return signed.exclude(attempts__times_sent__gt=0).count() + requests.count()


def _doubts() -> Iterator[str]:
    silent = WorkerCluster.objects.filter(fenced_at=None)
    for row in silent:
        seen = row.beat_at or row.started_at
        if timezone.now() - seen > clusters.STALE_AFTER:
            yield (
                f"the workers of {row} have shown no heartbeat since {seen:%Y-%m-%d %H:%M:%S} UTC "
                f"and were not ended; see that they are gone, then `restart_component worker {row}`"
            )


def end_drain(*, actor: str, reason: str) -> None:
    """Let new work begin again, and wake what waited."""
    drain.stop_draining(actor=actor, reason=reason)
    wake_held()


def _by_state(rows: Any) -> dict[str, int]:
    return dict(rows.order_by().values_list("state").annotate(count=Count("pk")))


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"
