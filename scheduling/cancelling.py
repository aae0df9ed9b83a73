"""Cancelling a run: it begins nothing further, and ends once what it has signed is decided."""

from django.db import transaction
from django.db.models import F

from scheduling.continuing import give_up_run
from scheduling.following import end_cancelled, is_under_way
from scheduling.models import Run, Step
from scheduling.retries import stop_retrying
from scheduling.states import NOT_OVER, RUN, STEP, RunState, StepState
from wallets.models import Installation, NonceLane, Transaction
from wallets.requests.services import cancel_request
from wallets.transactions.operator import NotPossible, cancel_transaction
from wallets.transactions.states import ENDED_UNSENT
from wallets.transactions.states import TransactionState as T
from wallets.transitions import move, noted

_NOT_BEGUN = (RunState.PENDING, RunState.HELD)


def cancel_run(
    *, run_id: int, actor: str, reason: str, and_pending: bool = False, give_up: bool = False
) -> Run:
    """End what has not begun; of what has, end what is unsigned and watch what is signed.

    `and_pending` asks for a cancel of what is signed and in no block yet. `give_up` ends a run
    that waits: what it has sent to another network is then the person's to see to.
    """
    with transaction.atomic():
        # The run before its lanes, as workers that go on with it take them.
        run = Run.objects.select_for_update().get(pk=run_id)
        _refuse(run, give_up=give_up)
        if run.state == RunState.NEEDS_OPERATOR:
            return give_up_run(run_id=run_id, actor=actor, reason=reason)
        told = f"cancelled by {actor}: {reason}"[:300]
        if run.state == RunState.FAILED:
            return stop_retrying(run, told, actor=actor)
        if run.state in _NOT_BEGUN:
            return end_cancelled(run, told, actor=actor)
        _lock_lanes(run)
        if _end_steps(run, actor, told, and_pending=and_pending):
            return end_cancelled(run, told, actor=actor)
        return _end_later(run, actor, told)


def _refuse(run: Run, *, give_up: bool) -> None:
    """NotPossible for what is over, what a plan carries, and what a person must give up first."""
    if not Run.objects.filter(NOT_OVER, pk=run.pk).exists():
        raise NotPossible(f"run {run.pk} is {run.state}: there is nothing left to cancel")
    if run.task.plan_id is not None:
        plan = run.task.plan_id
        raise NotPossible(f"run {run.pk} carries a line of plan {plan}; `plans cancel {plan}`")
    if give_up:
        return
    if run.state == RunState.NEEDS_OPERATOR:
        raise NotPossible(f"run {run.pk} needs an operator; say that you give it up (--give-up)")
    if is_under_way(run):
        raise NotPossible(
            f"run {run.pk} has sent something that may not have arrived; say that you give it up "
            "(--give-up), and what it sent is yours to see to"
        )


def _lock_lanes(run: Run) -> None:
    """Signing takes the lane before the transactions, and so do we."""
    rows = Transaction.objects.filter(step__run=run).order_by()
    lanes = NonceLane.objects.filter(pk__in=rows.values("lane")).order_by("pk")
    list(lanes.select_for_update().values_list("pk"))


def _end_steps(run: Run, actor: str, told: str, *, and_pending: bool) -> bool:
    """Whether nothing of the run is open any more."""
    ended = True
    for step in run.steps.select_related("transaction").order_by("index"):
        match step.state:
            case StepState.PLANNED:
                move(step, StepState.CANCELLED, machine=STEP, actor=actor, reason=told)
            case StepState.WAITING:
                fields = {"look_at": None, "detail": told}
                move(step, StepState.CANCELLED, machine=STEP, actor=actor, reason=told, **fields)
            case StepState.SUBMITTED:
                ended &= _end_submitted(step, actor, told, and_pending=and_pending)
    return ended


def _end_submitted(step: Step, actor: str, told: str, *, and_pending: bool) -> bool:
    """Whether it was unsigned, and has ended with the step."""
    if not _end_intent(step, actor, told, and_pending=and_pending):
        return False
    move(step, StepState.CANCELLED, machine=STEP, actor=actor, reason=told, detail=told)
    return True


def _end_intent(step: Step, actor: str, told: str, *, and_pending: bool) -> bool:
    row = step.transaction
    if row is None:
        return step.request_id is not None and _end_request(step.request_id, actor, told)
    row = Transaction.objects.select_for_update().get(pk=row.pk)
    if row.state in ENDED_UNSENT:
        return True
    if row.nonce is None:
        cancel_transaction(transaction_id=row.pk, actor=actor, reason=told)
        return True
    if and_pending or _awaits_signature(row):
        _ask_to_cancel(row, actor, told)
    return False


def _awaits_signature(row: Transaction) -> bool:
    """Of which a signer elsewhere has not answered; a restored one may be on the chain already."""
    return row.state == T.RESERVED and not Installation.objects.filter(paused=True).exists()


def _ask_to_cancel(row: Transaction, actor: str, told: str) -> None:
    """Where the chain can be asked; what is in a block, or cannot be replaced, is watched."""
    try:
        with transaction.atomic():
            cancel_transaction(transaction_id=row.pk, actor=actor, reason=told)
    except NotPossible:
        return


def _end_request(request_id: int, actor: str, told: str) -> bool:
    try:
        with transaction.atomic():
            cancel_request(request_id=request_id, actor=actor, reason=told)
    except NotPossible:
        return False
    return True


def _end_later(run: Run, actor: str, told: str) -> Run:
    noted(run, machine=RUN, actor=actor, reason=told)
    said = f"{told}; what is signed is watched to its end"
    # Whoever plans it anew now loses: it read the version before.
    changes = {"cancel_reason": told, "detail": said, "version": F("version") + 1}
    Run.objects.filter(pk=run.pk).update(**changes)
    run.refresh_from_db()
    return run
