"""Making tasks what a file says: all of it or nothing, and nothing twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from protocols.actions import Action
from protocols.models import Protocol
from protocols.params import BadParameters
from protocols.registry import UnknownAction, get_action
from scheduling.expressions.readings import check_params
from scheduling.models import Task, TaskDependency, TaskWallet
from scheduling.operating import set_enabled
from scheduling.schedule import ScheduleError, next_due, require_window_to_fit
from scheduling.services import TASK_HISTORY, TaskUnderWay, save_task
from scheduling.task_files.entries import (
    FIELDS,
    PRIORITIES,
    Entry,
    default_of,
    entry_of,
    whole,
    with_related,
)
from scheduling.task_files.reading import FileMistakes
from wallets.models import Network, Wallet, WalletGroup, WalletTag
from wallets.transitions import recorded

_CONSTRAINTS = {
    "task_interval_has_seconds": ("interval_seconds", "write the seconds between two runs"),
    "task_cron_has_expression": ("cron", "write a cron expression, like 0 9 * * 1-5"),
    "task_runs_at_least_once": ("times", "write 1 or more"),
    "task_several_times_have_a_window": ("spread_seconds", "write how long the window is"),
    "task_max_running_positive": ("max_running", "write 1 or more"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A task, and what of it is not as the file says: key -> before and after."""

    task: str
    kind: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the entries name, read with one query for each kind."""

    tasks: dict[str, Task]
    entries: dict[str, Entry]
    protocols: dict[str, Protocol]
    networks: dict[str, Network]
    wallets: dict[str, Wallet]
    groups: dict[str, WalletGroup]
    tags: dict[str, WalletTag]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "_Known":
        """As it is stored now."""
        needed = {row["task"] for entry in entries for row in entry.get("needs", ())}
        names = {entry["name"] for entry in entries} | needed
        tasks = {row.name: row for row in with_related(Task.objects.filter(name__in=names))}
        return cls(
            tasks,
            {name: entry_of(task) for name, task in tasks.items()},
            _by(Protocol, "slug", (entry["protocol"] for entry in entries)),
            _by(Network, "slug", (entry["network"] for entry in entries)),
            _by(Wallet, "label", _inner(entries, "wallets", "label")),
            _by(WalletGroup, "name", _flat(entries, "groups")),
            _by(WalletTag, "name", _flat(entries, "tags")),
        )


def apply_entries(
    *,
    entries: Sequence[Entry],
    source: str,
    actor: str,
    dry_run: bool = False,
    disable_missing: bool = False,
) -> list[Change]:
    """What changed, by task; with `dry_run` what would. FileMistakes changes nothing."""
    with transaction.atomic():
        if not dry_run:
            _lock(entries)
        known = _Known.of(entries)
        wanted = [whole(entry, known.entries.get(entry["name"])) for entry in entries]
        mistakes = [f"{source}: {text}" for entry in wanted for text in _wrong(entry, known)]
        if mistakes:
            raise FileMistakes(mistakes)
        changes = [_change(entry, known.entries.get(entry["name"])) for entry in wanted]
        gone = _missing(entries) if disable_missing else []
        changes += [Change(task.name, "disabled", {"enabled": (True, False)}) for task in gone]
        if not dry_run:
            _write(wanted, changes, known, source, actor)
            set_enabled(tasks=gone, enabled=False, actor=actor, reason=f"not in {source}")
    return changes


def _lock(entries: Sequence[Entry]) -> None:
    """Whoever switches one of them off meanwhile does so after this, and it stays off."""
    rows = Task.objects.filter(name__in=[entry["name"] for entry in entries]).order_by("pk")
    list(rows.select_for_update().values_list("pk"))


def _change(entry: Entry, stored: Entry | None) -> Change:
    if stored is None:
        return Change(entry["name"], "added", {key: (None, entry[key]) for key in entry})
    keys = [key for key in {**stored, **entry} if stored.get(key) != entry.get(key)]
    fields = {key: (stored.get(key), entry.get(key)) for key in keys}
    return Change(entry["name"], "changed" if fields else "unchanged", fields)


def _missing(entries: Sequence[Entry]) -> list[Task]:
    names = [entry["name"] for entry in entries]
    return list(Task.objects.filter(enabled=True, plan=None).exclude(name__in=names))


def _wrong(entry: Entry, known: _Known) -> Iterator[str]:
    """What this entry names that is not there, and what its model or its action refuses."""
    missing = list(_unknown(entry, known))
    for key, text in missing or _refused(entry, known):
        yield f"task {entry['name']}, {key}: {text}"


def _unknown(entry: Entry, known: _Known) -> Iterator[tuple[str, str]]:
    try:
        get_action(entry["protocol"], entry["action"])
    except UnknownAction as error:
        yield "action", str(error)
    if entry["protocol"] not in known.protocols:
        yield "protocol", f"there is no protocol {entry['protocol']} in this installation"
    if entry["network"] not in known.networks:
        yield "network", f"there is no network {entry['network']}"
    labels = [row["label"] for row in entry.get("wallets", ())]
    absent = [one for one in labels if one not in known.wallets]
    yield from (("wallets", f"there is no wallet {one}") for one in absent)
    for key, names in (("groups", known.groups), ("tags", known.tags)):
        absent = [one for one in entry.get(key, ()) if one not in names]
        yield from ((key, f"there is no wallet {key[:-1]} {one}") for one in absent)
    task = known.tasks.get(entry["name"])
    if task is not None and task.plan_id is not None:
        yield "name", f"the task carries plan {task.plan_id} and is not edited"


def _refused(entry: Entry, known: _Known) -> Iterator[tuple[str, str]]:
    task = _filled(entry, known)
    try:
        task.full_clean(exclude=("next_due_at", "name"), validate_unique=False)
        next_due(task, None)
        require_window_to_fit(task)
    except ValidationError as error:
        for key, texts in error.message_dict.items():
            yield from (_told(key, text) for text in texts)
        return
    except ScheduleError as error:
        yield "schedule", str(error)
        return
    action = get_action(entry["protocol"], entry["action"])
    yield from _wrong_params(action, entry, task.network)


def _told(key: str, text: str) -> tuple[str, str]:
    """What the database would refuse, as something to write."""
    found = next((means for name, means in _CONSTRAINTS.items() if name in text), None)
    return found or ("task" if key == "__all__" else key, text)


def _wrong_params(action: Action, entry: Entry, network: Network) -> Iterator[tuple[str, str]]:
    rows, common = entry.get("wallets", ()), entry.get("params", {})
    for row in rows:
        try:
            check_params(action.Params, {**common, **row.get("params", {})}, network)
        except BadParameters as error:
            yield f"params with wallet {row['label']}", str(error)
            return
    if not rows:
        try:
            check_params(action.Params, common, network)
        except BadParameters as error:
            yield "params", str(error)


def _filled(entry: Entry, known: _Known) -> Task:
    """The stored task, or a new one, with the fields that the entry says."""
    task = known.tasks.get(entry["name"]) or Task(name=entry["name"])
    task.protocol = known.protocols[entry["protocol"]]
    task.network = known.networks[entry["network"]]
    task.params = entry.get("params", {})
    for name in FIELDS:
        setattr(task, name, _stored(name, entry))
    return task


def _stored(name: str, entry: Entry) -> Any:
    if name not in entry:
        found = default_of(name)
        return None if FIELDS[name].null else found
    value = entry[name]
    if name == "priority":
        return PRIORITIES[value]
    return int(value) if FIELDS[name].get_internal_type() == "AmountField" else value


def _write(
    wanted: Sequence[Entry], changes: Sequence[Change], known: _Known, source: str, actor: str
) -> None:
    tasks = dict(known.tasks)
    for entry, change in zip(wanted, changes, strict=False):
        if change.kind == "unchanged":
            continue
        tasks[entry["name"]] = _saved(entry, known, source)
        told = ", ".join(change.fields) if change.kind == "changed" else "all of it"
        reason = f"{change.kind} by {source}: {told}"
        key = tasks[entry["name"]].pk
        recorded(TASK_HISTORY, key, "", change.kind, actor=actor, reason=reason)
    for entry, change in zip(wanted, changes, strict=False):
        if "needs" in change.fields:
            _set_needs(entry, tasks, source)
    _require_no_circle(wanted, source)


def _saved(entry: Entry, known: _Known, source: str) -> Task:
    task = _filled(entry, known)
    try:
        with transaction.atomic():
            if task._state.adding:
                task.save()
            save_task(task=task)
    except TaskUnderWay as error:
        raise FileMistakes([f"{source}: task {task.name}, action: {error}"]) from error
    task.groups.set(known.groups[name] for name in entry.get("groups", ()))
    task.tags.set(known.tags[name] for name in entry.get("tags", ()))
    _set_wallets(task, entry, known)
    return task


def _set_wallets(task: Task, entry: Entry, known: _Known) -> None:
    wanted = {row["label"]: row.get("params", {}) for row in entry.get("wallets", ())}
    task.task_wallets.exclude(wallet__label__in=wanted).delete()
    TaskWallet.objects.bulk_create(
        [TaskWallet(task=task, wallet=known.wallets[k], params=v) for k, v in wanted.items()],
        update_conflicts=True,
        unique_fields=["task", "wallet"],
        update_fields=["params"],
    )


def _set_needs(entry: Entry, tasks: Mapping[str, Task], source: str) -> None:
    task = tasks[entry["name"]]
    task.dependencies.all().delete()
    for row in entry.get("needs", ()):
        if row["task"] not in tasks:
            text = f"there is no task {row['task']}, neither here nor in the file"
            raise FileMistakes([f"{source}: task {task.name}, needs: {text}"])
        TaskDependency.objects.create(
            task=task,
            needs=tasks[row["task"]],
            condition=row["condition"],
            delay_seconds=row["delay_seconds"],
        )


def _require_no_circle(wanted: Sequence[Entry], source: str) -> None:
    """FileMistakes if tasks would wait for one another."""
    edges: dict[str, list[str]] = {}
    rows = TaskDependency.objects.values_list("task__name", "needs__name")
    for name, need in rows:
        edges.setdefault(name, []).append(need)
    for entry in wanted:
        ahead, seen = list(edges.get(entry["name"], ())), set[str]()
        while ahead:
            name = ahead.pop()
            if name == entry["name"]:
                text = "it waits for itself by way of others; neither would start"
                raise FileMistakes([f"{source}: task {name}, needs: {text}"])
            if name not in seen:
                seen.add(name)
                ahead += edges.get(name, ())


def _by[Row: Model](model: type[Row], name: str, values: Iterable[str]) -> dict[str, Row]:
    rows = model._default_manager.filter(**{f"{name}__in": set(values)})
    return {getattr(row, name): row for row in rows}


def _inner(entries: Sequence[Entry], key: str, name: str) -> Iterator[str]:
    return (row[name] for entry in entries for row in entry.get(key, ()))


def _flat(entries: Sequence[Entry], key: str) -> Iterator[str]:
    return (one for entry in entries for one in entry.get(key, ()))
