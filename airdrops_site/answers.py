"""What a verb of a command answers: for programs and for people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

# What is read by a program or from a file is not folded at 80 columns.
_UNBOUND = 200
_ENDLESS = 10_000


class BadInput(Exception):
    """One sentence about what was typed; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Plain values for JSON, and tables or sentences that say the same."""

    facts: Any
    shown: tuple[Table | str, ...]

    def print(self, stdout: Any, console: Console, *, as_json: bool) -> None:
        """In the form that was asked for."""
        if as_json:
            stdout.write(json.dumps(self.facts, indent=2))
            return
        print_parts(console, self.shown)


def print_parts(console: Console, parts: Iterable[Table | str]) -> None:
    """Tables and sentences for a person; a sentence, and a path in it, stays in one line."""
    if not console.is_terminal:
        console.width = max(console.width, _UNBOUND)
    for part in parts:
        if isinstance(part, str):
            console.print(part, markup=False, highlight=False, soft_wrap=True)
        elif part.columns and not part.row_count:
            console.print(f"{_title(part)}: none", markup=False, highlight=False)
        else:
            _print_table(console, part)


def _print_table(console: Console, part: Table) -> None:
    """As a table where its words fit, else a block of lines for each row."""
    endless = console.options.update(max_width=_ENDLESS)
    least = Measurement.get(console, endless, part).minimum
    if least <= console.width or not part.show_header:
        console.print(part, markup=False, highlight=False)
        return
    console.print(_title(part), markup=False, highlight=False)
    names = [str(column.header) for column in part.columns]
    for row in zip(*(column.cells for column in part.columns), strict=True):
        console.rule(characters="-", style="dim")
        for name, cell in zip(names, map(str, row), strict=True):
            if cell:
                line = f"{name}: {cell}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)


def _title(part: Table) -> str:
    return str(part.title or "found")


def table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    """Rows of text, with what they are about."""
    made = Table(title=title, title_justify="left")
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made
