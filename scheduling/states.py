"""The states of occurrences, runs and steps, and the arrows between them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, TextChoices

from wallets.transitions import Machine


class OccurrenceState(TextChoices):
    """What became of a due time."""

    DUE = "due", "Due"
    STARTED = "started", "Started"
    SKIPPED = "skipped", "Skipped"


# What was left out after a restore says so with this word.
RESTORED = "restored"


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


class ApprovalState(TextChoices):
    """Where a second person's consent is; only `approved` lets anything begin, once."""

    ASKED = "asked", "Asked for"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Expired"
    USED = "used", "Used"


class BreakerState(TextChoices):
    """Whether a protocol's runs may begin."""

    CLOSED = "closed", "Closed"
    OPEN = "open", "Open"
    HALF_OPEN = "half_open", "Half open"


OPEN_STEP = (StepState.PLANNED, StepState.SUBMITTED, StepState.WAITING)
UNFINISHED_RUN = (RunState.PENDING, RunState.HELD, RunState.RUNNING)
# What is not over, and what failed and would be tried again by itself.
NOT_OVER = Q(state__in=(*UNFINISHED_RUN, RunState.NEEDS_OPERATOR)) | Q(
    state=RunState.FAILED, wake_at__isnull=False
)
FINISHED_RUN = (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)


def _count_run(rows: Sequence[Any], old: str, new: str) -> None:
    from scheduling.counting import count_run

    count_run(rows, old, new)


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
        RunState.HELD: (
            RunState.PENDING,
            RunState.RUNNING,
            RunState.FAILED,
            RunState.CANCELLED,
        ),
        RunState.RUNNING: (
            RunState.SUCCEEDED,
            RunState.FAILED,
            RunState.CANCELLED,
            RunState.NEEDS_OPERATOR,
        ),
        # Tried again, where what failed has surely done nothing.
        RunState.FAILED: (RunState.PENDING,),
        # Until its transactions are final a reorganisation may undo what it rested on.
        RunState.SUCCEEDED: (RunState.RUNNING,),
        RunState.NEEDS_OPERATOR: (RunState.RUNNING, RunState.FAILED, RunState.CANCELLED),
    },
    _count_run,
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
APPROVAL = Machine(
    "approval",
    {
        "": (ApprovalState.ASKED,),
        ApprovalState.ASKED: (
            ApprovalState.APPROVED,
            ApprovalState.DECLINED,
            ApprovalState.EXPIRED,
        ),
        ApprovalState.APPROVED: (
            ApprovalState.USED,
            ApprovalState.DECLINED,
            ApprovalState.EXPIRED,
        ),
    },
)
BREAKER = Machine(
    "breaker",
    {
        BreakerState.CLOSED: (BreakerState.OPEN,),
        BreakerState.OPEN: (BreakerState.HALF_OPEN,),
        BreakerState.HALF_OPEN: (BreakerState.CLOSED, BreakerState.OPEN),
    },
)
