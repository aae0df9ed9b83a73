"""The answer of /health at the command line."""

import json
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.management.base import CommandParser
from django_rich.management import RichCommand
from rich.table import Table

from airdrops_site.answers import print_parts
from airdrops_site.health.component import Component, Report, Severity
from airdrops_site.health.registry import BY_NAME, CHECKS, Check
from airdrops_site.health.report import take_report

LOOK_AGAIN = 1.0
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
        parser.add_argument(
            "--wait",
            type=_seconds,
            nargs="?",
            const=60.0,
            default=0.0,
            metavar="SECONDS",
            help="look again until all is healthy, for at most so long (60)",
        )
        parser.add_argument(
            "component", nargs="?", choices=sorted(BY_NAME), help="look at one only"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the components, end with the code."""
        name = options["component"]
        report = self._looked([BY_NAME[name]] if name else CHECKS, options["wait"])
        if options["json"]:
            told = (
                report.component_as_json(name, details=True)
                if name
                else report.as_json(details=True)
            )
            self.stdout.write(json.dumps(told, indent=2))
        else:
            problems = [f"- {problem}" for problem in report.problems]
            print_parts(self.console, [_table(report), *problems])
        raise SystemExit(int(report.severity))

    def _looked(self, checks: Sequence[Check], seconds: float) -> Report:
        """The first healthy report, or the last one when the time is over."""
        deadline = time.monotonic() + seconds
        while True:
            report = take_report(checks)
            left = deadline - time.monotonic()
            if report.severity == Severity.HEALTHY or left <= 0:
                return report
            self.stderr.write(f"{report.severity.word}; {left:.0f} s left to wait")
            time.sleep(min(LOOK_AGAIN, left))


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 86_400:
        raise ArgumentTypeError("must be seconds from 0 to 86400, like 60")
    return number


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
    shown = (
        f"{key} {'–' if value is None else value}"
        for key, value in facts.items()
        if key != "status"
    )
    return name, str(facts.get("status", otherwise)), ", ".join(shown)
