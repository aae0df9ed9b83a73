"""Runs at the command line."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.runs_command import verbs
from airdrops_site.scripted import ScriptedCommand
from airdrops_site.tx.known import a_limit, a_number, a_reason
from scheduling.states import RunState

VERBS = {
    "list": (verbs.show_all, "the newest first"),
    "show": (verbs.show_one, "one with its steps, and what it waits for"),
    "restart": (verbs.restart, "go on with one that needs an operator, from what it has done"),
    "give-up": (verbs.give_up, "end one that needs an operator; what it began is yours to see to"),
}


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "List runs, show one, restart or give up one that needs an operator."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            if name == "list":
                _of_list(one)
            else:
                one.add_argument("run", type=a_number, help="its number")
            if name in ("restart", "give-up"):
                one.add_argument("--reason", type=a_reason, required=True, help="for the history")

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        answer = VERBS[options["verb"]][0](options)
        answer.print(self.stdout, self.console, as_json=options["json"])


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--state", choices=RunState.values, default="")
    parser.add_argument("--wallet", default="", help="only of this one, by its label")
    parser.add_argument("--waiting", action="store_true", help="only those that wait")
    parser.add_argument("--limit", type=a_limit, default=50)
