"""The answer of /health at the command line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import CommandParser
from django_rich.management import RichCommand
from rich.table import Table

from airdrops_site.health.component import Component, Report, Severity
from airdrops_site.health.report import take_report

_COLOURS = {Severity.HEALTHY: "green", Severity.DEGRADED: "yellow", Severity.UNHEALTHY: "red"}


class Command(RichCommand):
    """Exit code 0 healthy, 1 degraded, 2 unhealthy."""

    help = "Says what is running: exit code 0 healthy, 1 degraded, 2 unhealthy."
    # It says what is wrong; it must not refuse to because something is.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """For people, or for scripts."""
        parser.add_argument(
            "--json", action="store_true", help="print what /health answers to the token"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the components, end with the code."""
        report = take_report()
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(details=True), indent=2))
        else:
            self.console.print(_table(report))
            for problem in report.problems:
                self.console.print(f"- {problem}", markup=False, highlight=False)
        raise SystemExit(int(report.severity))


def _table(report: Report) -> Table:
    table = Table(title=f"Airdrops is {report.severity.word}")
    for column in ("component", "state", "facts"):
        table.add_column(column, overflow="fold")
    for name, component in report.components.items():
        for row in _rows(name, component):
            table.add_row(*row, style=_COLOURS[component.severity])
    return table


def _rows(name: str, component: Component) -> Iterator[tuple[str, str, str]]:
    """One row, or one for each part of a component that has parts."""
    parts = {key: facts for key, facts in component.public.items() if isinstance(facts, Mapping)}
    if not parts:
        yield _row(name, component.public, component.severity.word)
    for part, facts in parts.items():
        yield _row(f"{name}: {part}", facts, component.severity.word)


def _row(name: str, facts: Mapping[str, Any], otherwise: str) -> tuple[str, str, str]:
    shown = (f"{key} {value}" for key, value in facts.items() if key != "status")
    return name, str(facts.get("status", otherwise)), ", ".join(shown)
