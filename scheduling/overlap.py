"""Runs of one wallet that rely on the same follow one another; so do runs and revocations.

Whoever starts a run or takes an allowance back locks the wallet first and looks at what was
begun meanwhile: two at once would not see each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from scheduling.models import Run
from scheduling.states import FINISHED_RUN, RunState
from wallets.actors import this_worker
from wallets.models import Allowance, NonceLane, Transaction
from wallets.transactions.allowances import allowance_name
from wallets.transactions.machine import move_transaction
from wallets.transactions.states import TransactionState as T
from wallets.transactions.states import is_decided
from wallets.transitions import LostRace

RELYING = (RunState.RUNNING, RunState.NEEDS_OPERATOR)


@dataclass(frozen=True, slots=True)
class Beside:
    """What was under way beside a run when its plan began to be made."""

    asked_at: datetime
    # Run -> what it relied on then.
    runs: dict[int, frozenset[str]]
    # Allowance -> its last revocation and how far that was.
    revocations: dict[int, tuple[int, int]]


def look_beside(run: Run) -> Beside:
    """Before the run is planned: what might change under its plan."""
    return Beside(
        timezone.now(),
        {other.pk: frozenset(other.relies_on) for other in _runs_beside(run)},
        {row.pk: _progress(row) for row in _revoked(run)},
    )


def reason_to_wait(run: Run, relies_on: Iterable[str], before: Beside) -> str:
    """Why a plan made since `before` may not be begun; empty when it may. The wallet is locked."""
    wanted = set(relies_on)
    if not wanted:
        return ""
    if other := _run_in_the_way(run, wanted, before):
        return f"waits for run {other.pk}, which uses the same allowance"
    for row in _revoked(run):
        if not _names(row) & wanted:
            continue
        if reason := _revocation_in_the_way(row, before):
            return reason
    return ""


def user_of(run: Run, name: str, since: datetime | None = None) -> Run | None:
    """Another run of the wallet that relies on the allowance now, or did at `since` or later."""
    return next((other for other in _runs_beside(run, since) if name in other.relies_on), None)


def running_user(allowance: Allowance) -> Run | None:
    """The run that relies on the allowance now."""
    rows = _relying(allowance.wallet_id, allowance.token.network_id, None)
    return next((run for run in rows if _names(allowance) & set(run.relies_on)), None)


def _names(row: Allowance) -> set[str]:
    """What plans call it; what Permit2 keeps matters to whoever relies on Permit2 too."""
    spenders = {row.spender, row.through} - {""}
    return {allowance_name(row.token.address, spender) for spender in spenders}


def _relying(wallet_id: int, network_id: int, since: datetime | None) -> QuerySet[Run]:
    lately = Q(state__in=RELYING)
    if since is not None:
        lately |= Q(state__in=FINISHED_RUN, state_changed_at__gte=since)
    return Run.objects.filter(lately, wallet=wallet_id, task__network=network_id).order_by("pk")


def _runs_beside(run: Run, since: datetime | None = None) -> list[Run]:
    """Other runs of the wallet on the network that run now, or ended at `since` or later."""
    return list(_relying(run.wallet_id, run.task.network_id, since).exclude(pk=run.pk))


def _run_in_the_way(run: Run, wanted: set[str], before: Beside) -> Run | None:
    """A run that relied on the same as the plan while that was being made, or does now."""
    beside = {other.pk: other for other in _runs_beside(run, since=before.asked_at)}
    ended = Run.objects.filter(pk__in=before.runs.keys() - beside.keys())
    beside |= {other.pk: other for other in ended}
    return next((other for other in beside.values() if wanted & _relied(other, before)), None)


def _relied(other: Run, before: Beside) -> set[str]:
    """What it relies on, and what it relied on then: a run that waits gives it up meanwhile."""
    return {*other.relies_on, *before.runs.get(other.pk, ())}


def _revoked(run: Run) -> QuerySet[Allowance]:
    rows = Allowance.objects.filter(
        wallet=run.wallet_id, token__network=run.task.network_id, revocation__isnull=False
    )
    return rows.select_related("token", "revocation")


def _progress(row: Allowance) -> tuple[int, int]:
    revocation = _revocation(row)
    return revocation.pk, revocation.version


def _revocation(row: Allowance) -> Transaction:
    if row.revocation is None:
        raise ValueError(f"allowance {row.pk} was never revoked")
    return row.revocation


def _revocation_in_the_way(row: Allowance, before: Beside) -> str:
    revocation = _revocation(row)
    sentence = f"waits for transaction {revocation.pk}, which takes the same allowance back"
    if is_decided(revocation.state, revocation.outcome):
        # Decided while the plan was made: the plan may have seen the allowance before.
        return "" if before.revocations.get(row.pk) == _progress(row) else sentence
    if revocation.state != T.HELD:
        return sentence
    return "" if _gives_way(revocation) else sentence


def _gives_way(revocation: Transaction) -> bool:
    """End one that has no nonce and cannot get one now: the run sets or uses what it was to end.

    What the run leaves is looked at after it.
    """
    reason = "a run that relies on the allowance goes first; what it leaves is taken back"
    # Signing takes the lane before the transaction: so do we.
    NonceLane.objects.select_for_update().get(pk=revocation.lane_id)
    try:
        move_transaction(revocation, T.CANCELLED, actor=this_worker(), reason=reason)
    except LostRace:
        return False
    return True
