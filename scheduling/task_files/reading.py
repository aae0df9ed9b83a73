"""Reading a file of tasks: every mistake in a sentence with file, task and key."""

import tomllib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import models

from scheduling.models import TaskDependency
from scheduling.task_files.entries import FIELDS, KEYS, NAMED, PRIORITIES, Entry
from wallets.amounts import AmountField

_LARGEST_FILE = 5_000_000


class FileMistakes(ValueError):
    """What is wrong with a file, a sentence each; nothing was changed."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read_file(path: Path) -> list[Entry]:
    """The entries of the file, each with values of the right kinds; or FileMistakes."""
    entries = _tables(path)
    mistakes = [f"{path}: {text}" for text in _mistakes(entries)]
    if mistakes:
        raise FileMistakes(mistakes)
    return [{name: _value(name, value) for name, value in entry.items()} for entry in entries]


def _tables(path: Path) -> list[Entry]:
    try:
        text = path.read_bytes()
        if len(text) > _LARGEST_FILE:
            raise FileMistakes([f"{path}: larger than {_LARGEST_FILE:,} bytes"])
        found = tomllib.loads(text.decode())
    except OSError as error:
        raise FileMistakes([f"{path} cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileMistakes([f"{path} is no TOML: {error}"]) from error
    unknown = sorted(set(found) - {"task"})
    if unknown:
        raise FileMistakes([f"{path}: there is no {unknown[0]}; a file has [[task]] entries only"])
    tasks = found.get("task", [])
    if not isinstance(tasks, list) or not all(isinstance(one, dict) for one in tasks):
        raise FileMistakes([f"{path}: write each task as [[task]]"])
    return tasks


def _mistakes(entries: list[Entry]) -> Iterator[str]:
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = entry.get("name")
        if not isinstance(name, str) or not name.strip():
            yield f"task {number}, name: every task has a name"
            continue
        if name in seen:
            yield f"task {name}, name: it stands in the file twice"
        seen.add(name)
        yield from (f"task {name}, {text}" for text in _of_entry(entry))


def _of_entry(entry: Entry) -> Iterator[str]:
    for key in entry:
        if key not in KEYS:
            yield f"{key}: there is no such key; there are {', '.join(KEYS)}"
        elif reason := _CHECKS.get(key, _of_field)(key, entry[key]):
            yield f"{key}: {reason}"
    for key in (*NAMED, "action", "schedule"):
        if key not in entry:
            yield f"{key}: it is missing"


def _of_field(key: str, value: Any) -> str:
    """What to write in its place; empty where it is of the right kind."""
    if key in NAMED or key == "name":
        return "" if isinstance(value, str) else "write a name in quotes"
    field = FIELDS[key]
    match field:
        case models.BooleanField():
            return "" if isinstance(value, bool) else "write true or false"
        case models.DateTimeField():
            good = isinstance(value, datetime) and value.tzinfo is not None
            return "" if good else "write a moment with its offset, like 2026-01-31T09:00:00Z"
        case AmountField():
            good = isinstance(value, str) and value.isdecimal() and value.isascii()
            return "" if good else "write an amount in base units, in quotes"
        case models.IntegerField():
            good = isinstance(value, int) and not isinstance(value, bool)
            return "" if good else "write a whole number"
    return "" if isinstance(value, str) else "write text in quotes"


def _of_priority(_key: str, value: Any) -> str:
    return "" if value in tuple(PRIORITIES) else f"write one of {', '.join(PRIORITIES)}"


def _of_params(_key: str, value: Any) -> str:
    return "" if isinstance(value, dict) else "write a table of parameters"


def _of_names(_key: str, value: Any) -> str:
    good = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return "" if good and len(set(value)) == len(value) else "write a list of names, each once"


def _of_wallets(_key: str, value: Any) -> str:
    rows = value if isinstance(value, list) and all(isinstance(o, dict) for o in value) else [{}]
    labels = [row.get("label") for row in rows]
    if not all(isinstance(label, str) for label in labels):
        return "write [[task.wallets]] entries, each with the label of a wallet"
    if len(set(labels)) != len(labels):
        return "a wallet is named twice"
    extra = {key for row in rows for key in row} - {"label", "params"}
    wrong = any(not isinstance(row.get("params", {}), dict) for row in rows)
    return "a wallet has a label and params, and nothing else" if extra or wrong else ""


def _of_needs(_key: str, value: Any) -> str:
    rows = value if isinstance(value, list) and all(isinstance(o, dict) for o in value) else [{}]
    names = [row.get("task") for row in rows]
    if not all(isinstance(name, str) for name in names):
        return "write [[task.needs]] entries, each with the name of a task"
    if len(set(names)) != len(names):
        return "a task is named twice"
    if {key for row in rows for key in row} - {"task", "condition", "delay_seconds"}:
        return "a need has task, condition and delay_seconds, and nothing else"
    return next(filter(None, map(_of_need, rows)), "")


def _of_need(row: Entry) -> str:
    delay = row.get("delay_seconds", 0)
    if row.get("condition", "succeeded") not in TaskDependency.Condition.values:
        return f"condition is one of {', '.join(TaskDependency.Condition.values)}"
    if not isinstance(delay, int) or isinstance(delay, bool) or not 0 <= delay < 2**31:
        return "delay_seconds is a whole number"
    return ""


_CHECKS: dict[str, Callable[[str, Any], str]] = {
    "priority": _of_priority,
    "params": _of_params,
    "groups": _of_names,
    "tags": _of_names,
    "wallets": _of_wallets,
    "needs": _of_needs,
}


def _value(key: str, value: Any) -> Any:
    """As an entry has it, whatever order a person wrote it in."""
    match key:
        case "groups" | "tags":
            return sorted(value)
        case "wallets":
            rows = sorted(value, key=lambda row: str(row["label"]))
            return [{k: v for k, v in row.items() if v != {}} for row in rows]
        case "needs":
            defaults = {"condition": "succeeded", "delay_seconds": 0}
            rows = sorted(value, key=lambda row: str(row["task"]))
            return [{"task": row["task"], **defaults, **row} for row in rows]
    return value
