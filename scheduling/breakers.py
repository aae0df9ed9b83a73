"""Circuit breakers: opened by runs that fail in a row, tried again and closed one run at a time."""

import structlog
from django.db import transaction
from django.db.models import Q

from protocols.models import Protocol
from scheduling.models import Breaker, Run
from scheduling.states import BREAKER, FINISHED_RUN, BreakerState, RunState, StepState
from wallets.actors import this_worker
from wallets.models import Limit, ScopeKind
from wallets.transactions.limits import in_force
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import TransactionState as T
from wallets.transitions import move, noted

log = structlog.get_logger(__name__)


def note_end(run: Run) -> None:
    """Count how a run ended, in the database transaction that ends it.

    A run counts once, when it fails first: one that is tried again and fails again is no further
    failure of the protocol, and one that succeeds then starts the count anew.
    """
    if run.state == RunState.SUCCEEDED:
        _succeeded(run)
    elif run.state == RunState.FAILED:
        _failed(run)


def _succeeded(run: Run) -> None:
    row = Breaker.objects.filter(protocol=run.task.protocol_id).first()
    if row is None or not (row.failures or row.state == BreakerState.HALF_OPEN):
        return
    row = Breaker.objects.select_for_update().get(pk=row.pk)
    if row.state == BreakerState.CLOSED:
        Breaker.objects.filter(pk=row.pk).update(failures=0)
    elif row.state == BreakerState.HALF_OPEN and row.probe_id == run.pk:
        _move(row, BreakerState.CLOSED, f"run {run.pk} succeeded", failures=0)
        log.info("breaker_closed", protocol=run.task.protocol.slug, run=run.pk)


def _failed(run: Run) -> None:
    row = Breaker.objects.select_for_update().get(pk=breaker_of(run.task.protocol).pk)
    if row.state == BreakerState.HALF_OPEN and row.probe_id == run.pk:
        _open(row, run, f"run {run.pk}, with which it was tried again, failed: {run.detail}")
    if run.tries or row.counted_run_id == run.pk:
        return
    row.failures += 1
    Breaker.objects.filter(pk=row.pk).update(failures=row.failures, counted_run=run)
    most = allowed_failures(run.task.protocol)
    if row.state == BreakerState.CLOSED and most is not None and row.failures >= most:
        _open(row, run, f"{row.failures} runs in a row failed, run {run.pk} last: {run.detail}")


def breaker_of(protocol: Protocol) -> Breaker:
    """The protocol's breaker; one that never opened has no history."""
    return Breaker.objects.get_or_create(protocol=protocol)[0]


def allowed_failures(protocol: Protocol) -> int | None:
    """How many failed runs in a row open its breaker; None for any number."""
    scopes = Q(scope_kind=ScopeKind.EVERYTHING) | Q(
        scope_kind=ScopeKind.PROTOCOL, scope_value=protocol.slug
    )
    rows = Limit.objects.filter(scopes, kind=Limit.Kind.MAX_FAILURES, enabled=True)
    return min((one.amount for one in in_force(rows)), default=None)


def try_breaker(*, protocol: Protocol, actor: str, reason: str) -> Breaker:
    """Let one run of the protocol through; its success closes the breaker.

    A run that has begun and is held before a signature is tried first: nothing else would end it.
    """
    with transaction.atomic():
        row = Breaker.objects.select_for_update().filter(protocol=protocol).first()
        if row is not None and _lacks_probe(row) and (held := _held_run(protocol)):
            # No further run may ever begin, and this one waits for the word that it is tried.
            noted(row, machine=BREAKER, actor=actor, reason=reason)
            Breaker.objects.filter(pk=row.pk).update(probe=held)
            return row
        if row is None or row.state != BreakerState.OPEN:
            state = row.get_state_display().lower() if row else "closed"
            raise NotPossible(f"the breaker of {protocol} is {state}; only an open one is tried")
        move(
            row,
            BreakerState.HALF_OPEN,
            machine=BREAKER,
            actor=actor,
            reason=reason,
            probe=_held_run(protocol),
        )
    return row


def claim_probe(run: Run) -> str:
    """Begin the run as the one a half-open breaker lets through; why not, where it may not.

    In the database transaction that begins it.
    """
    row = Breaker.objects.filter(
        protocol=run.task.protocol_id, state=BreakerState.HALF_OPEN
    ).first()
    if row is None:
        return ""
    row = Breaker.objects.select_for_update().select_related(None).get(pk=row.pk)
    taken = probe_of(row)
    if row.state != BreakerState.HALF_OPEN or taken == run.pk:
        return ""
    if taken is not None:
        return f"{run.task.protocol} is being tried again with run {taken}; all others wait"
    Breaker.objects.filter(pk=row.pk).update(probe=run)
    return ""


def probe_of(row: Breaker) -> int | None:
    """The run that is let through; one that ended without a word, as when cancelled, is none."""
    probe = row.probe
    return None if probe is None or probe.state in FINISHED_RUN else probe.pk


def _lacks_probe(row: Breaker) -> bool:
    return row.state == BreakerState.HALF_OPEN and probe_of(row) is None


def _held_run(protocol: Protocol) -> Run | None:
    """The oldest run that only waits for a signature."""
    waiting = Run.objects.filter(
        task__protocol=protocol,
        task__plan=None,
        state=RunState.RUNNING,
        steps__state=StepState.SUBMITTED,
        steps__transaction__state__in=(T.QUEUED, T.HELD),
    )
    return waiting.order_by("pk").first()


def _open(row: Breaker, run: Run, reason: str) -> None:
    _move(row, BreakerState.OPEN, reason)
    log.error("breaker_opened", protocol=run.task.protocol.slug, run=run.pk, failures=row.failures)


def _move(row: Breaker, to: BreakerState, reason: str, **fields: int) -> None:
    move(row, to, machine=BREAKER, actor=this_worker(), reason=reason, **fields, probe=None)
    Breaker.objects.filter(pk=row.pk).update(reason=reason[:500])
