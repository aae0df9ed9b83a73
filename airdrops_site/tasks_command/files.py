"""`tasks export` and `tasks apply`."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput
from airdrops_site.people import shell_actor
from airdrops_site.tasks_command.scope import Options
from scheduling.models import Task
from scheduling.task_files.applying import Change, apply_entries
from scheduling.task_files.entries import with_related
from scheduling.task_files.reading import FileMistakes, read_file
from scheduling.task_files.writing import Unwritable, as_toml

_MARKS = {"added": "+", "changed": "~", "unchanged": "=", "disabled": "-"}


def of_export(parser: CommandParser) -> None:
    """Which, and where to."""
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="every task but those of plans")
    parser.add_argument("--to", default="", metavar="FILE", help="a file, instead of the screen")


def of_apply(parser: CommandParser) -> None:
    """What from, and how far."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument(
        "--disable-missing", action="store_true", help="switch off tasks that are not in the file"
    )


def export(options: Options) -> Answer:
    """The file, or where it is."""
    tasks = _asked(options)
    try:
        text = as_toml(tasks)
        if not options["to"]:
            return Answer({"toml": text}, (text,))
        Path(options["to"]).write_text(text, encoding="utf-8")
    except Unwritable as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        raise BadInput(f"{options['to']} cannot be written: {error.strerror}") from error
    facts = {"file": options["to"], "tasks": len(tasks)}
    return Answer(facts, (f"{len(tasks)} tasks are in {options['to']}",))


def _asked(options: Options) -> list[Task]:
    if bool(options["names"]) == options["all"]:
        raise BadInput("name tasks, or say --all; one of the two")
    rows = with_related(Task.objects.filter(plan=None))
    if options["all"]:
        return list(rows)
    found = list(rows.filter(name__in=options["names"]))
    missing = sorted(set(options["names"]) - {task.name for task in found})
    if missing:
        raise BadInput(f"there is no task {missing[0]!r}; `tasks list` shows them")
    return found


def apply(options: Options) -> Answer:
    """What changed, field by field."""
    path, dry_run = Path(options["file"]), options["dry_run"]
    try:
        changes = apply_entries(
            entries=read_file(path),
            source=path.name,
            actor=shell_actor(),
            dry_run=dry_run,
            disable_missing=options["disable_missing"],
        )
    except FileMistakes as error:
        raise BadInput(str(error)) from error
    facts = {"dry_run": dry_run, "tasks": [_facts(one) for one in changes]}
    lines = [line for one in changes for line in _lines(one)]
    lines.append(_sum(changes, dry_run=dry_run))
    return Answer(facts, tuple(lines))


def _sum(changes: list[Change], *, dry_run: bool) -> str:
    counts = {kind: sum(one.kind == kind for one in changes) for kind in _MARKS}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"{told or 'the file has no tasks'}" + ("; nothing was written" if dry_run else "")


def _lines(change: Change) -> list[str]:
    head = f"{_MARKS[change.kind]} {change.task}"
    if change.kind not in ("changed", "added"):
        return [head]
    return [head, *(f"    {key}: {_told(*pair)}" for key, pair in change.fields.items())]


def _told(old: Any, new: Any) -> str:
    if old is None:
        return _plain(new)
    return f"{_plain(old)} -> {'nothing' if new is None else _plain(new)}"


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _facts(change: Change) -> dict[str, Any]:
    pairs = {key: [_json(one) for one in pair] for key, pair in change.fields.items()}
    return {"task": change.task, "change": change.kind, "fields": pairs}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
