"""What each verb of `manage.py allowances` answers, and with which exit code."""

from typing import Any

from airdrops_site.allowances import verbs
from airdrops_site.allowances.lines import Line
from airdrops_site.allowances.scope import Options
from airdrops_site.answers import Answer, table

Said = tuple[Answer, int]
_ALLOWANCES = (
    *("wallet", "network", "token", "spender", "through", "amount", "block", "age"),
    *("transaction", "problem"),
)
_SCANS = ("network", "block", "age", "asked", "found", "unknown", "never_asked", "problem")


def listed(options: Options) -> Said:
    """What is known; that much of it is a problem is no failure of the list."""
    return _answer("list", verbs.listed(options), _ALLOWANCES), 0


def status(options: Options) -> Said:
    """1 where a scan left something unknown."""
    lines = verbs.status(options)
    return _answer("status", lines, _SCANS), _problems(lines)


def scanned(options: Options) -> Said:
    """1 where something was left unknown."""
    lines = verbs.scanned(options)
    return _answer("scan", lines, _SCANS), _problems(lines)


def checked(options: Options) -> Said:
    """1 where anything stands, or was not answered."""
    lines = verbs.checked(options)
    return _answer("check", lines, _ALLOWANCES), 1 if lines else 0


def revoked(options: Options) -> Said:
    """1 where something cannot be taken back."""
    lines = verbs.revoked(options)
    return _answer("revoke", lines, _ALLOWANCES), _problems(lines)


def _problems(lines: list[Line]) -> int:
    return 1 if any(line["problem"] for line in lines) else 0


def _answer(verb: str, lines: list[Line], columns: tuple[str, ...]) -> Answer:
    rows = (tuple(_cell(line.get(name)) for name in columns) for line in lines)
    names = tuple(name.replace("_", " ") for name in columns)
    return Answer(lines, (table(f"{verb}: {len(lines)}", names, rows),))


def _cell(value: Any) -> str:
    return "" if value is None or value == "" else str(value)
