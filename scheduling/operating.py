"""What a person asks of tasks: a run now, on, off, once more, gone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from scheduling.members import Member, members_of
from scheduling.models import Occurrence, Run, Task
from scheduling.retries import retry_run
from scheduling.services import TASK_HISTORY
from scheduling.states import NOT_OVER, RUN, OccurrenceState, RunState
from wallets.transactions.operator import NotPossible
from wallets.transitions import recorded, recorded_all
from wallets.wakeups import wake


@dataclass(frozen=True, slots=True)
class Begun:
    """The runs that were made, and by wallet's label why there is none."""

    runs: tuple[Run, ...]
    refused: Mapping[str, str]


def run_now(*, task: Task, wallet: str = "", actor: str, reason: str = "") -> Begun:
    """A run of each of the task's wallets, or of one, due now; one that has a run gets no other.

    As many queries for five hundred wallets as for one.
    """
    now = timezone.now().replace(microsecond=0)
    with transaction.atomic():
        # Two that ask at once follow one another here, and the second sees what the first made.
        locked = Task.objects.select_for_update().get(pk=task.pk)
        if locked.plan_id is not None:
            raise NotPossible(f"{task} carries plan {locked.plan_id}; `plans run` starts its lines")
        members = _chosen(locked, wallet)
        refused = _refused(locked, members)
        left = [one for one in members if one.wallet.label not in refused]
        occurrences = [
            Occurrence(task=locked, wallet=one.wallet, due_at=now, state=OccurrenceState.STARTED)
            for one in left
        ]
        _require_free(locked, left, now)
        Occurrence.objects.bulk_create(occurrences)
        runs = [
            Run(
                occurrence=occurrence,
                task=locked,
                wallet=one.wallet,
                params={**locked.params, **one.params},
                asked_by_id=locked.changed_by_id,
                priority=locked.priority,
                wake_at=now,
            )
            for one, occurrence in zip(left, occurrences, strict=True)
        ]
        Run.objects.bulk_create(runs)
        told = f"asked for: {reason}" if reason else "asked for"
        keys = [run.pk for run in runs]
        recorded_all(RUN.subject, keys, "", RunState.PENDING, actor=actor, reason=told)
        wake("advance")
    return Begun(tuple(runs), refused)


def _chosen(task: Task, label: str) -> list[Member]:
    members = [one for one in members_of(task) if not label or one.wallet.label == label]
    if not members:
        raise NotPossible(f"{task} has no wallet {label}" if label else f"{task} has no wallets")
    return members


def _refused(task: Task, members: Sequence[Member]) -> dict[str, str]:
    """Those that are not done with their last run."""
    wallets = [one.wallet.pk for one in members]
    open_runs = Run.objects.filter(NOT_OVER, task=task, wallet__in=wallets)
    rows = open_runs.order_by("pk").values_list("wallet__label", "pk", "state")
    return {label: f"run {pk} {_stands(state)}" for label, pk, state in rows}


def _stands(state: str) -> str:
    return "failed and is tried again" if state == RunState.FAILED else f"is {state} still"


def _require_free(task: Task, members: Sequence[Member], now: datetime) -> None:
    wallets = [one.wallet.pk for one in members]
    same = Occurrence.objects.filter(task=task, wallet__in=wallets, due_at=now)
    if same.exists():
        raise NotPossible(f"{task} was asked to run within this very second; it runs once")


def set_enabled(*, tasks: Sequence[Task], enabled: bool, actor: str, reason: str) -> list[Task]:
    """Switch tasks on or off; those that changed. Late due times are for the misfire policy."""
    keys = [task.pk for task in tasks if task.plan_id is None]
    with transaction.atomic():
        rows = Task.objects.select_for_update().filter(pk__in=keys).exclude(enabled=enabled)
        changed = list(rows.order_by("pk"))
        Task.objects.filter(pk__in=[task.pk for task in changed]).update(enabled=enabled)
        old, new = ("disabled", "enabled") if enabled else ("enabled", "disabled")
        pks = [task.pk for task in changed]
        recorded_all(TASK_HISTORY, pks, old, new, actor=actor, reason=reason)
        wake("dispatch")
    return changed


def delete_task(*, task: Task, actor: str, reason: str) -> None:
    """Delete a task that never was due; NotPossible for any other, whose runs are history."""
    with transaction.atomic():
        locked = Task.objects.select_for_update().get(pk=task.pk)
        if Occurrence.objects.filter(task=locked).exists():
            raise NotPossible(f"{task} has runs, which are history; disable it instead")
        if dependent := locked.dependents.select_related("task").first():
            raise NotPossible(f"{dependent.task} waits for {task}; take that away first")
        told = f"{task.name}: {reason}"
        recorded(TASK_HISTORY, locked.pk, "", "deleted", actor=actor, reason=told)
        locked.delete()


@dataclass(frozen=True, slots=True)
class Retried:
    """A failed run that was asked to be tried again; `refused` is why it is not."""

    run: Run
    refused: str = ""


def retry_failed(*, runs: Iterable[Run], actor: str, reason: str) -> Iterable[Retried]:
    """Try each again that may be; one that may not be leaves the others be."""
    for run in runs:
        try:
            retry_run(run=run, actor=actor, reason=reason)
        except NotPossible as error:
            yield Retried(run, str(error))
        else:
            yield Retried(run)
