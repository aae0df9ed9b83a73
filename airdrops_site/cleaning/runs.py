"""Runs that came to nothing: the one kind of work that leaves no trace on a chain."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from scheduling.models import Approval, Breaker, PlanLine, Run, RunAllowance, Step, TaskDependency
from scheduling.states import FINISHED_RUN

_ACTED = (
    Q(transaction__isnull=False)
    | Q(request__isnull=False)
    | Q(settlement__isnull=False)
    | Q(found__isnull=False)
)


def idle_runs(until: datetime | None) -> QuerySet[Run]:
    """Finished before then, without a transaction, request, finding, approval or plan.

    Nor what a circuit breaker counts from.

    The last run of a task and wallet stays, and every run of a task that another waits for. The
    occurrence always stays: its due time never happens again.
    """
    if until is None:
        return Run.objects.none()
    mine = {"run": OuterRef("pk")}
    # By one look into an index for each row: a join would compare all runs of a task with another.
    last = Run.objects.filter(task=OuterRef("task"), wallet=OuterRef("wallet")).order_by("-pk")
    return Run.objects.filter(
        ~Exists(Step.objects.filter(_ACTED, **mine)),
        ~Exists(RunAllowance.objects.filter(**mine)),
        ~Exists(Approval.objects.filter(**mine)),
        ~Exists(PlanLine.objects.filter(**mine)),
        ~Exists(Breaker.objects.filter(Q(counted_run=OuterRef("pk")) | Q(probe=OuterRef("pk")))),
        ~Exists(TaskDependency.objects.filter(needs=OuterRef("task"))),
        pk__lt=Subquery(last.values("pk")[:1]),
        state__in=FINISHED_RUN,
        wake_at__isnull=True,
        state_changed_at__lt=until,
    )


def remove_runs(rows: QuerySet[Any]) -> int:
    """With their steps; a run that somebody is just trying again is left."""
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        locked = rows.select_for_update(of=("self",) if skip else (), skip_locked=skip)
        keys = list(locked.order_by().values_list("pk", flat=True))
        # Nothing points at what is idle, and the database refuses if anything does: not asking each
        # table again makes the locks half as long.
        steps = Step.objects.filter(run__in=keys)._raw_delete(connection.alias)
        runs = Run.objects.filter(pk__in=keys)._raw_delete(connection.alias)
    return steps + runs
