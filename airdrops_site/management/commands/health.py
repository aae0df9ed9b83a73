"""The answer of /health at the command line."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from airdrops_site.health import look


class Command(BaseCommand):
    """Exit code 0 healthy, 1 degraded, 2 unhealthy."""

    help = "Says what is running: exit code 0 healthy, 1 degraded, 2 unhealthy."

    def add_arguments(self, parser: CommandParser) -> None:
        """For people, or for scripts."""
        parser.add_argument("--json", action="store_true", help="print the JSON of /health")

    def handle(self, *_args: Any, json: bool, **_options: Any) -> None:
        """Print the components, end with the code."""
        answer = look()
        self.stdout.write(_as_json(answer) if json else _as_lines(answer))
        raise SystemExit(("healthy", "degraded", "unhealthy").index(answer["status"]))


def _as_json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, indent=2)


def _as_lines(answer: dict[str, Any]) -> str:
    lines = [f"{answer['status']} at {answer['timestamp']}"]
    lines += [f"  {name}: {facts}" for name, facts in answer["components"].items()]
    return "\n".join(lines)
