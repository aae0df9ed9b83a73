"""Named boundaries of what runs leave behind; see wallets/transactions/points.py."""

from enum import StrEnum


class RunPoint(StrEnum):
    """Where a process may die between the use of an allowance and its end."""

    STEP_SETTLED = "step_settled"
    RUN_ENDED = "run_ended"
    ALLOWANCE_READ = "allowance_read"
    REVOCATION_WRITTEN = "revocation_written"
    REVOCATION_STORED = "revocation_stored"
    ALLOWANCE_SETTLED = "allowance_settled"


class WaitPoint(StrEnum):
    """Where a process may die while it looks for what a run waits for, and goes on with it."""

    CLAIMED = "wait_claimed"
    LOOKED = "wait_looked"
    SETTLED = "wait_settled"
    ASKED = "wait_asked_what_follows"
    WENT_ON = "wait_went_on"


class PlanPoint(StrEnum):
    """Where a process may die while it carries out a plan."""

    RUN_MADE = "plan_run_made"
    LINE_STARTED = "plan_line_started"
    ADVANCED = "plan_advanced"


class DispatchPoint(StrEnum):
    """Where a process may die between a due time and the beginning of its run."""

    CLAIMED = "dispatch_claimed"
    RUNS_MADE = "dispatch_runs_made"
    DISPATCHED = "dispatch_dispatched"
    RUN_CLAIMED = "run_claimed"
    RUN_BEGUN = "run_begun"
