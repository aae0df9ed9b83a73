"""The states of plans and their lines, and the arrows between them."""

from django.db.models import TextChoices

from wallets.transitions import Machine


class PlanState(TextChoices):
    """Where a plan is. What is done may run again for lines that have not happened."""

    DRAFT = "draft", "Draft"
    APPROVED = "approved", "Approved"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class LineState(TextChoices):
    """Where a line is; `done` and `failed` are only said of what no reorganisation can undo."""

    WAITING = "waiting", "Waiting"
    STARTED = "started", "Started"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_PLAN = (PlanState.DRAFT, PlanState.APPROVED, PlanState.RUNNING)
OPEN_LINE = (LineState.WAITING, LineState.STARTED)

PLAN = Machine(
    "plan",
    {
        "": (PlanState.DRAFT,),
        PlanState.DRAFT: (PlanState.APPROVED, PlanState.CANCELLED),
        PlanState.APPROVED: (PlanState.RUNNING, PlanState.CANCELLED),
        PlanState.RUNNING: (PlanState.DONE, PlanState.CANCELLED),
        PlanState.DONE: (PlanState.RUNNING,),
    },
)
LINE = Machine(
    "plan_line",
    {
        "": (LineState.WAITING,),
        LineState.WAITING: (LineState.STARTED, LineState.FAILED, LineState.CANCELLED),
        LineState.STARTED: (LineState.DONE, LineState.FAILED),
        LineState.FAILED: (LineState.WAITING,),
    },
)
