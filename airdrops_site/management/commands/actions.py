"""What protocols can do, at the command line."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.actions_command import healths, verbs
from airdrops_site.scripted import ScriptedCommand

VERBS = {
    "list": (verbs.listed, "all there are, and where they can be used now"),
    "show": (verbs.shown, "one: its parameters, what it may call, where that is enabled"),
    "preview": (verbs.previewed, "what it would do now; exit 1 if it would be refused or reverted"),
    "health": (healths.healths, "whether protocols can be used now; exit 1 if anything is wrong"),
}


class Command(ScriptedCommand):
    """Exit code 2 and one sentence where it cannot be planned; nothing is ever recorded."""

    help = "List and describe actions, and say what one would do without doing it."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            if name in ("show", "preview"):
                one.add_argument("action", metavar="PROTOCOL/ACTION")
            if name == "preview":
                _add_question(one)
            if name == "health":
                one.add_argument("protocol", nargs="?", default="", help="only this one")
                one.add_argument("--network", default="", help="only there, by its slug")

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        answer, code = VERBS[options["verb"]][0](options)
        answer.print(self.stdout, self.console, as_json=options["json"])
        if code:
            raise SystemExit(code)


def _add_question(parser: CommandParser) -> None:
    parser.add_argument("--network", required=True, help="where, by its slug")
    parser.add_argument("--wallet", required=True, help="whose, by its label")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the action; may be repeated",
    )
