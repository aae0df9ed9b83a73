"""The states of occurrences, runs and steps, and the arrows between them."""

from django.db.models import TextChoices

from wallets.transitions import Machine


class OccurrenceState(TextChoices):
    """What became of a due time."""

    DUE = "due", "Due"
    STARTED = "started", "Started"
    SKIPPED = "skipped", "Skipped"


class RunState(TextChoices):
    """Where a run is."""

    PENDING = "pending", "Pending"
    HELD = "held", "Held"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    NEEDS_OPERATOR = "needs_operator", "Needs operator"


class StepState(TextChoices):
    """Where a step is; `settled` goes back to `submitted` when a reorganisation undoes it."""

    PLANNED = "planned", "Planned"
    SUBMITTED = "submitted", "Submitted"
    WAITING = "waiting", "Waiting"
    SETTLED = "settled", "Settled"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_STEP = (StepState.PLANNED, StepState.SUBMITTED, StepState.WAITING)
UNFINISHED_RUN = (RunState.PENDING, RunState.HELD, RunState.RUNNING)
FINISHED_RUN = (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)

RUN = Machine(
    "run",
    {
        "": (RunState.PENDING,),
        RunState.PENDING: (
            RunState.RUNNING,
            RunState.HELD,
            RunState.FAILED,
            RunState.CANCELLED,
        ),
        RunState.HELD: (RunState.PENDING, RunState.FAILED, RunState.CANCELLED),
        RunState.RUNNING: (
            RunState.SUCCEEDED,
            RunState.FAILED,
            RunState.CANCELLED,
            RunState.NEEDS_OPERATOR,
        ),
        # Until its transactions are final a reorganisation may undo what it rested on.
        RunState.SUCCEEDED: (RunState.RUNNING,),
        RunState.NEEDS_OPERATOR: (RunState.RUNNING, RunState.FAILED, RunState.CANCELLED),
    },
)
STEP = Machine(
    "step",
    {
        "": (StepState.PLANNED,),
        StepState.PLANNED: (
            StepState.SUBMITTED,
            StepState.WAITING,
            StepState.CANCELLED,
            StepState.FAILED,
        ),
        StepState.WAITING: (StepState.SETTLED, StepState.FAILED, StepState.CANCELLED),
        StepState.SUBMITTED: (StepState.SETTLED, StepState.FAILED, StepState.CANCELLED),
        StepState.SETTLED: (StepState.SUBMITTED,),
        StepState.FAILED: (StepState.SUBMITTED,),
    },
)
