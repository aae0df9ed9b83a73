"""A task as an entry of a file: plain values under the names that its fields have.

Amounts stay what is stored, text in base units; moments carry their offset; a wallet, a group, a
tag and another task are named. What is empty or has the field's default may be left out.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from scheduling.models import Task, TaskDependency
from wallets.amounts import AmountField

Entry = dict[str, Any]
# Not said by a file: what the program keeps, and what names another row.
_KEPT = ("id", "plan", "next_due_at", "due_count", "created_at", "changed_by")
NAMED = ("protocol", "network")
# Where a file is silent on an existing task, these stay: its schedule counts from its start, and
# whoever switched it off had a reason.
LEFT_ALONE = ("starts_at", "enabled")
_RELATED = ("groups", "tags", "wallets", "needs")

FIELDS: dict[str, models.Field[Any, Any]] = {
    field.name: field
    for field in Task._meta.concrete_fields
    if field.name not in (*_KEPT, *NAMED, "name", "params")
}
KEYS = ("name", *NAMED, *FIELDS, "params", *_RELATED)
PRIORITIES = {choice.label.lower(): choice.value for choice in Task.Priority}


def with_related(rows: QuerySet[Task]) -> QuerySet[Task]:
    """The tasks with all that their entries say, in a fixed number of queries."""
    along = ("groups", "tags", "task_wallets__wallet", "dependencies__needs")
    return rows.select_related(*NAMED).prefetch_related(*along).order_by("name")


def entry_of(task: Task) -> Entry:
    """All there is to say of a stored task; the order of the keys is that of the file."""
    simple = {name: _shown(name, getattr(task, name)) for name in FIELDS}
    found = {
        "name": task.name,
        "protocol": task.protocol.slug,
        "network": task.network.slug,
        **simple,
        "params": task.params,
        "groups": sorted(group.name for group in task.groups.all()),
        "tags": sorted(tag.name for tag in task.tags.all()),
        "wallets": [
            _without_empty({"label": row.wallet.label, "params": row.params})
            for row in sorted(task.task_wallets.all(), key=lambda row: row.wallet.label)
        ],
        "needs": [_need(row) for row in _by_name(task.dependencies.all())],
    }
    return _without_empty(found)


def _by_name(rows: Iterable[TaskDependency]) -> list[TaskDependency]:
    return sorted(rows, key=lambda row: row.needs.name)


def _need(row: TaskDependency) -> Entry:
    return {
        "task": row.needs.name,
        "condition": row.condition,
        "delay_seconds": row.delay_seconds,
    }


def whole(entry: Entry, stored: Entry | None) -> Entry:
    """What a file says of a task, with the defaults of what it leaves out."""
    found = {name: _shown(name, default_of(name)) for name in FIELDS if name not in LEFT_ALONE}
    if stored is None:
        now = timezone.now().astimezone(UTC).replace(microsecond=0)
        found |= {"starts_at": now, "enabled": True}
    else:
        found |= {name: stored[name] for name in LEFT_ALONE if name in stored}
    found = {"name": "", **dict.fromkeys(NAMED, ""), **found, **entry}
    ordered = {name: found[name] for name in KEYS if name in found}
    return _without_empty(ordered)


def default_of(name: str) -> Any:
    """What the field is where nothing is said of it."""
    field = FIELDS[name]
    return None if field.null and not field.has_default() else field.get_default()


def _shown(name: str, value: Any) -> Any:
    """A field's value as a person writes it."""
    if value is None:
        return None
    if name == "priority":
        return Task.Priority(value).label.lower()
    if isinstance(FIELDS[name], AmountField):
        return str(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _without_empty(entry: Entry) -> Entry:
    return {name: value for name, value in entry.items() if value not in (None, "", [], {})}
