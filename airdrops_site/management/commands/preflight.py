"""Whether a web or a worker may start in the environment this is run in."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_rich.management import RichCommand
from rich.table import Table

from airdrops_site.answers import print_parts
from airdrops_site.checks import signers_in_web
from airdrops_site.preflight.lines import Line, State, exit_code
from airdrops_site.preflight.looks import Part, take_preflight

_COLOURS = {
    State.OK: "green",
    State.WARNING: "yellow",
    State.UNKNOWN: "magenta",
    State.FAILED: "red",
}
FAILED = 2


class Command(RichCommand):
    """Run it as the process will be run: same user, same environment."""

    help = (
        "Verifies what a start relies on, and changes nothing. Exit code 0: all is well; 1: "
        "something is to be seen to, or not known; 2: something failed. Without --web, --worker "
        "or --mainnet: exit 2 with a sentence if the web's environment holds what signs."
    )
    # It says what is wrong; it must not end because something is.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """For whom, and how it is said."""
        parser.add_argument("--web", action="store_true", help="as the web will be run")
        parser.add_argument("--worker", action="store_true", help="as a worker will be run")
        parser.add_argument(
            "--mainnet", action="store_true", help="also what docs/go-live.md asks for"
        )
        parser.add_argument(
            "--to-start", action="store_true", help="exit code 0 unless something failed"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Look, and say so."""
        parts = [part for part in Part if options[part]]
        if not parts and not options["mainnet"]:
            self._boundary_only()
            return
        lines = take_preflight(parts, for_mainnet=options["mainnet"])
        code = exit_code(lines)
        if options["json"]:
            facts = {"code": code, "lines": [line.as_json() for line in lines]}
            self.stdout.write(json.dumps(facts, indent=2))
        else:
            print_parts(self.console, [_table(lines)])
        if code == FAILED or (code and not options["to_start"]):
            raise SystemExit(code)

    def _boundary_only(self) -> None:
        if sentence := signers_in_web():
            raise CommandError(sentence, returncode=FAILED)
        self.stdout.write("This environment holds nothing that signs.")


def _table(lines: Iterable[Line]) -> Table:
    table = Table(title="Preflight", title_justify="left")
    for column in ("what", "state", "found"):
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(line.name, str(line.state), line.sentence, style=_COLOURS[line.state])
    return table
