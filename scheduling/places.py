"""How many runs there may be at the same time: of a task, and within the scopes of limits.

A run has a place from its start to its end, but not while it waits: for what takes weeks nobody
else shall stand still. What comes back from a wait goes on without asking.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from scheduling.models import Run, Step, Task
from scheduling.pace import LOOK_AGAIN
from scheduling.states import RunState, StepState
from wallets.models import Limit, ScopeKind
from wallets.transactions.limits import in_force

_WAITS = "waits for a place"
# Which runs a limit's scope is about.
_SCOPES = {
    ScopeKind.NETWORK: "task__network__slug",
    ScopeKind.PROTOCOL: "task__protocol__slug",
    ScopeKind.ACTION: "task__action",
    ScopeKind.WALLET: "wallet__label",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Runs of which there are not to be more than so many, and what they are called."""

    runs: Q
    most: int
    name: str


def lock_places(run: Run) -> None:
    """Have starts that could take the same place follow one another; the task before the limits.

    In a database transaction, before the wallet: dispatch too has the task first.
    """
    if run.task.max_running is not None:
        Task.objects.select_for_update().get(pk=run.task_id)
    list(_limits(run).select_for_update().order_by("pk").values_list("pk"))


def full_scope(run: Run) -> Scope | None:
    """The first that has no place for the run; None when it may begin."""
    working = _working()
    return next((one for one in _scopes(run) if working.filter(one.runs).count() >= one.most), None)


def wait_for_place(run: Run, scope: Scope) -> None:
    """Put off every run of the scope that is due: none of them is in the way of others' turns."""
    waiting = Run.objects.filter(scope.runs, state=RunState.PENDING, wake_at__isnull=False)
    told = f"{_WAITS}: {scope.most} of {scope.name} at a time"
    now = timezone.now()
    mine = Run.objects.filter(pk=run.pk, state=RunState.PENDING)
    due = Run.objects.filter(pk__in=waiting.filter(wake_at__lte=now).values("pk"))
    for rows in (due, mine):
        rows.update(wake_at=now + LOOK_AGAIN, detail=told)


def place_freed(run: Run) -> None:
    """Wake the runs whose turn it is now that this one has ended, or waits."""
    for scope in _scopes(run):
        waiting = Run.objects.filter(scope.runs, state=RunState.PENDING, wake_at__isnull=False)
        # Not those whose turn within their window is later.
        queued = waiting.filter(detail__startswith=_WAITS)
        first = queued.order_by("-priority", "occurrence__due_at", "pk").values_list("pk")
        Run.objects.filter(pk__in=[pk for (pk,) in first[:1]]).update(wake_at=timezone.now())


def _working() -> QuerySet[Run]:
    waits = Step.objects.filter(run=OuterRef("pk"), state=StepState.WAITING)
    return Run.objects.filter(~Exists(waits), state=RunState.RUNNING)


def _scopes(run: Run) -> Iterator[Scope]:
    most = run.task.max_running
    if most is not None:
        yield Scope(Q(task=run.task_id), most, str(run.task))
    for limit in in_force(_limits(run)):
        field = _SCOPES.get(ScopeKind(limit.scope_kind))
        runs = Q(**{field: limit.scope_value}) if field else Q()
        yield Scope(runs, limit.amount, limit.scope_value or "everything")


def _limits(run: Run) -> QuerySet[Limit]:
    """Those that count the run."""
    task = run.task
    covering = (
        Q(scope_kind=ScopeKind.EVERYTHING)
        | Q(scope_kind=ScopeKind.NETWORK, scope_value=task.network.slug)
        | Q(scope_kind=ScopeKind.PROTOCOL, scope_value=task.protocol.slug)
        | Q(scope_kind=ScopeKind.ACTION, scope_value=task.action)
        | Q(scope_kind=ScopeKind.WALLET, scope_value=run.wallet.label)
    )
    return Limit.objects.filter(covering, kind=Limit.Kind.MAX_RUNNING, enabled=True)
