"""After a restore: what was due between the backup and now is never caught up.

It may have been done by the installation that was lost, and nothing here would know. What was in
the midst goes on by itself only where nothing of it can have been done unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from scheduling.dispatch import Due, due_times, record
from scheduling.following import has_more
from scheduling.models import PlanLine, Run, Step, Task
from scheduling.plan_states import LINE, LineState, PlanState
from scheduling.states import RESTORED, RUN, RunState, StepState
from wallets.models import Network, NonceLane
from wallets.transitions import LostRace, move

_NOT_BEGUN = (RunState.PENDING, RunState.HELD)


@dataclass(frozen=True, slots=True)
class Skipped:
    """How much was left out."""

    due_times: int
    runs: int


def skip_missed(
    *, since: datetime, until: datetime, actor: str, with_plans: bool = True
) -> Skipped:
    """Skip every due time up to `until`, and cancel what was due and had not begun.

    `since` is when the backup was made: what was due before it and not yet dispatched is left out
    as well. May be run again: it goes on where it was broken off. A plan's runs are of the backup
    or of a person who has started it since: then they stay (`with_plans=False`).
    """
    reason = f"{RESTORED}: due between the backup of {since:%Y-%m-%d %H:%M:%S} UTC and the restore"
    tasks = Task.objects.filter(plan=None, next_due_at__lte=until).order_by("pk")
    due = sum(_skip(task, until) for task in tasks)
    runs = Run.objects.filter(occurrence__due_at__lte=until)
    if not with_plans:
        runs = runs.filter(task__plan=None)
    return Skipped(due, _cancel_runs(runs, actor, reason))


def leave_lines(*, actor: str) -> int:
    """Cancel what running plans had not started: no row tells whether it was paid since; how many.

    Before any process of the restored database runs, which would start them.
    """
    reason = f"{RESTORED}: it may have been paid after the backup was made; plan anew what was not"
    lines = PlanLine.objects.filter(plan__state=PlanState.RUNNING, state=LineState.WAITING)
    with transaction.atomic():
        rows = list(lines.order_by("pk"))
        for line in rows:
            fields = {"detail": reason}
            move(line, LineState.CANCELLED, machine=LINE, actor=actor, reason=reason, **fields)
    return len(rows)


def out_of_sight(*, before: datetime) -> dict[int, set[tuple[int, int]]]:
    """Runs with steps to come where no lane tells what was done: their wallets and networks.

    As of a bridge whose other side the wallet had not used when the backup was made. What follows
    a wait is often not planned yet: then it may be on any network of the protocol.
    """
    runs = Run.objects.filter(state=RunState.RUNNING, created_at__lt=before)
    found = {run.pk: _unseen(run) for run in runs.select_related("task__protocol", "task__network")}
    return {pk: places for pk, places in found.items() if places}


def _unseen(run: Run) -> set[tuple[int, int]]:
    ahead = run.steps.filter(state=StepState.PLANNED, kind=Step.Kind.CALL)
    chains = {one.spec.get("chain_id") or run.task.network.chain_id for one in ahead}
    to_come = Q(chain_id__in=chains)
    if run.steps.filter(kind=Step.Kind.WAIT).exists() and has_more(run):
        to_come |= Q(protocols=run.task.protocol)
    begun = NonceLane.objects.filter(wallet=run.wallet_id, baseline_nonce__isnull=False)
    networks = Network.objects.filter(to_come).exclude(pk__in=begun.values("network")).distinct()
    return {(run.wallet_id, pk) for pk in networks.values_list("pk", flat=True)}


def hold_unclear(
    *,
    wallets: Iterable[int],
    runs: Iterable[int],
    before: datetime,
    besides: Iterable[int],
    actor: str,
) -> list[int]:
    """Leave to a person the runs of which a step may have been done after the backup; their ids.

    Those of wallets with transactions on chain that nothing in the backup explains: a later step
    of a run may be one of them. These `runs`, and those that have a signed request before them.
    Only what was made `before` the restore can be meant; `besides` were held already, and are a
    person's since.
    """
    ahead = Step.objects.filter(state=StepState.PLANNED, kind=Step.Kind.SIGNED_REQUEST)
    unclear = Q(wallet__in=set(wallets)) | Q(pk__in=ahead.values("run")) | Q(pk__in=set(runs))
    rows = Run.objects.filter(unclear, state=RunState.RUNNING, created_at__lt=before)
    rows = rows.exclude(pk__in=set(besides)).order_by("pk")
    return [run.pk for run in rows if _ask_a_person(run, actor)]


def _ask_a_person(run: Run, actor: str) -> bool:
    reason = (
        f"{RESTORED}: a step of it may have been done after the backup was made; compare its steps "
        "with what the wallet did on chain, then restart it or give it up"
    )
    try:
        with transaction.atomic():
            fields = {"detail": reason, "wake_at": None}
            move(run, RunState.NEEDS_OPERATOR, machine=RUN, actor=actor, reason=reason, **fields)
    except LostRace:
        return False
    return True


def _skip(task: Task, until: datetime) -> int:
    """Chunk by chunk, each in a database transaction of its own."""
    count = 0
    while task.next_due_at is not None and task.next_due_at <= until:
        times, following = due_times(task, until)
        if record(task, Due(times, following, times, RESTORED)):
            count += len(times)
        task.refresh_from_db()
    return count


def _cancel_runs(due: QuerySet[Run], actor: str, reason: str) -> int:
    count = 0
    for run in due.filter(state__in=_NOT_BEGUN).order_by("pk").iterator():
        count += _cancel(run, actor, reason)
    # Nor is what has failed tried again by itself.
    due.filter(state=RunState.FAILED, wake_at__isnull=False).update(wake_at=None)
    return count


def _cancel(run: Run, actor: str, reason: str) -> bool:
    try:
        with transaction.atomic():
            fields = {"detail": reason, "wake_at": None}
            move(run, RunState.CANCELLED, machine=RUN, actor=actor, reason=reason, **fields)
    except LostRace:
        return False
    return True
