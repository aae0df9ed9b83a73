"""What a verb of a command answers: for programs and for people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


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
        for part in self.shown:
            console.print(part, markup=False, highlight=False)


def table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    """Rows of text, with what they are about."""
    made = Table(title=title, title_justify="left")
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made
