"""Writing tasks as TOML."""

from collections.abc import Iterable

import tomli_w

from scheduling.models import Task
from scheduling.task_files.entries import entry_of

_HEAD = """\
# Tasks of an installation. `manage.py tasks apply FILE --dry-run` says what would change.
# Amounts are text in base units, moments carry their offset.
"""


class Unwritable(ValueError):
    """A task has what TOML cannot say; one sentence."""


def as_toml(tasks: Iterable[Task]) -> str:
    """The file that says all there is of the tasks; the same tasks give the same text."""
    entries = [entry_of(task) for task in tasks]
    for entry in entries:
        if _has_null(entry.get("params", {})) or _has_null(entry.get("wallets", [])):
            raise Unwritable(f"task {entry['name']}: a parameter is null, which TOML cannot say")
    return f"{_HEAD}\n{tomli_w.dumps({'task': entries})}"


def _has_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    if isinstance(value, list):
        return any(map(_has_null, value))
    return value is None
