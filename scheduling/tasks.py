"""What the workers run on this floor: dispatch what is due, advance what is under way."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from scheduling import allowances, dispatch, risk, runs
from scheduling.approvals import asking
from scheduling.models import Plan, Run, Step, Task
from scheduling.plan_states import PlanState
from scheduling.plans import running
from scheduling.states import StepState
from scheduling.waits import due_waits
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

RISK_LEASE = timedelta(seconds=30)


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic("dispatch", "scheduling.tasks.dispatch_due", _tasks_due))
    wakeups.register(wakeups.Periodic("advance", "scheduling.tasks.advance_runs", _runs_due))
    wakeups.register(wakeups.Periodic("plans", "scheduling.tasks.advance_plans", _plans_due))
    wakeups.register(wakeups.Periodic("take_back", "scheduling.tasks.take_back", _allowances_due))
    wakeups.register(
        wakeups.Periodic("approvals", "scheduling.tasks.close_approvals", _approvals_due)
    )
    wakeups.register(wakeups.Periodic("risk", "scheduling.tasks.assess_risk", _risk_due))


def dispatch_due() -> None:
    """Turn due times into runs."""
    dispatch.dispatch_due()


def advance_runs() -> None:
    """Plan, submit and settle what can be."""
    runs.unsettle_reorganised()
    runs.advance_runs()


def advance_plans() -> None:
    """Start the lines of plans that may begin, and learn what became of the others."""
    running.advance_plans()


def close_approvals() -> None:
    """End approvals whose time ran out or whose run is over."""
    asking.close_dead()


def take_back() -> None:
    """Take back what runs have left of their allowances."""
    allowances.take_back()


def assess_risk() -> None:
    """Work out the risk level, unless another process is at it or just was."""
    owner = this_worker()
    if not leases.take("risk", owner=owner, duration=RISK_LEASE):
        return
    try:
        risk.assess_risk()
    finally:
        pause = timedelta(seconds=settings.FIGURE_SECONDS)
        leases.release("risk", owner=owner, free_from=timezone.now() + pause)


def _risk_due() -> Iterator[str]:
    busy = Lease.objects.filter(pk="risk", expires_at__gt=timezone.now())
    if settings.FIGURE_SECONDS and not busy.exists():
        yield ""


def _tasks_due() -> Iterator[str]:
    if Task.objects.filter(enabled=True, next_due_at__lte=timezone.now()).exists():
        yield ""


def _runs_due() -> Iterator[str]:
    if (
        Run.objects.filter(wake_at__lte=timezone.now()).exists()
        or due_waits().exists()
        or Step.objects.filter(runs.DECIDED, state=StepState.SUBMITTED).exists()
        or Step.objects.filter(state=StepState.SETTLED, settled_receipt__canonical=False).exists()
    ):
        yield ""


def _plans_due() -> Iterator[str]:
    if Plan.objects.filter(state=PlanState.RUNNING, look_at__lte=timezone.now()).exists():
        yield ""


def _allowances_due() -> Iterator[str]:
    if allowances.due().exists():
        yield ""


def _approvals_due() -> Iterator[str]:
    if asking.dead_approvals().exists():
        yield ""
