"""What a run has done so far, as its adapter is told it."""

from protocols.actions import Call, CallReceipt, Done, Progress
from protocols.context import read_log
from scheduling.models import Run, Step
from scheduling.states import StepState
from scheduling.steps import planned_step
from wallets.models import Receipt


def progress_of(run: Run) -> Progress:
    """The settled steps of the run, in order; what failed or was cancelled has done nothing."""
    rows = run.steps.filter(state=StepState.SETTLED).order_by("index")
    return Progress(tuple(map(_done, rows.select_related("settled_receipt__attempt"))))


def read_receipt(call: Call, receipt: Receipt) -> CallReceipt:
    """A receipt of ours as adapters read it."""
    return CallReceipt(
        call=call,
        tx_hash=receipt.attempt.hash,
        block_number=receipt.block_number,
        logs=tuple(map(read_log, receipt.logs)),
    )


def _done(step: Step) -> Done:
    planned = planned_step(step)
    if isinstance(planned, Call) and step.settled_receipt is not None:
        return Done(planned, read_receipt(planned, step.settled_receipt))
    return Done(planned, found=step.found or {})
