"""Taking back what a cancelled plan has asked for and nobody has signed."""

from scheduling.models import Plan, PlanLine, Run
from scheduling.plan_states import LINE, LineState
from scheduling.plans.digest import lines_of
from scheduling.plans.fates import transactions_of
from scheduling.states import RUN, RunState
from wallets.models import NonceLane, Transaction
from wallets.transactions.operator import NotPossible, cancel_transaction
from wallets.transactions.states import TransactionState as T
from wallets.transitions import LostRace, move

_UNPLANNED = (RunState.PENDING, RunState.HELD)
_UNSIGNED = (T.QUEUED, T.HELD)


def stop_lines(plan: Plan, *, actor: str, reason: str) -> None:
    """End what waits, and what has no nonce; inside the transaction that cancels the plan."""
    _lock_lanes(plan)
    for line in lines_of(plan):
        if line.state == LineState.WAITING:
            move(line, LineState.CANCELLED, machine=LINE, actor=actor, reason=reason)
        elif line.state == LineState.STARTED and line.run is not None:
            _stop_run(line, line.run, actor, reason)


def _lock_lanes(plan: Plan) -> None:
    """Signing takes the lane before the transactions, and so do we."""
    rows = Transaction.objects.filter(step__run__task__plan=plan).order_by()
    lanes = NonceLane.objects.filter(pk__in=rows.values("lane")).order_by("pk")
    list(lanes.select_for_update().values_list("pk"))


def _stop_run(line: PlanLine, run: Run, actor: str, reason: str) -> None:
    """What another process has just taken further is watched to its end; no guard lets it sign."""
    try:
        if run.state in _UNPLANNED:
            move(run, RunState.CANCELLED, machine=RUN, actor=actor, reason=reason, wake_at=None)
        for row in transactions_of(run):
            if row.state in _UNSIGNED:
                _stop(row, actor, reason)
    except LostRace:
        PlanLine.objects.filter(pk=line.pk).update(detail="it went on while it was cancelled")


def _stop(row: Transaction, actor: str, reason: str) -> None:
    try:
        cancel_transaction(transaction_id=row.pk, actor=actor, reason=reason)
    except NotPossible:
        return
