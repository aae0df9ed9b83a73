"""The address book at the command line."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.addresses_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import ScriptedCommand
from airdrops_site.tx.known import a_reason

VERBS = {
    "list": (verbs.listed, "who may receive, and who stands behind it"),
    "add": (verbs.add, "enter somebody else's address; it receives nothing until confirmed"),
    "change": (verbs.change, "change one; it must be confirmed again"),
    "confirm": (verbs.confirm, "stand behind what somebody else entered"),
    "remove": (verbs.remove, "let nothing go there any more"),
}


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused."""

    help = "Recipients that are no wallets of ours: entered by one person, confirmed by another."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            if name == "list":
                one.add_argument("--all", action="store_true", help="removed ones too")
                continue
            one.add_argument("label")
            _ARGUMENTS[name](one)
            add_person(one)

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        answer = VERBS[options["verb"]][0](options)
        answer.print(self.stdout, self.console, as_json=options["json"])


def _of_add(parser: CommandParser) -> None:
    parser.add_argument("address", help="with its capitals, as its source has it")
    parser.add_argument("--network", default="", help="only there, by its slug; else everywhere")
    parser.add_argument("--safe", action="store_true", help="wallets in trouble are drained to it")
    parser.add_argument("--note", default="", help="whose it is, who said so")


def _of_change(parser: CommandParser) -> None:
    parser.add_argument("--address", default="", help="the new address")
    parser.add_argument("--label", dest="new_label", default="", help="the new label")
    parser.add_argument("--network", default=None, help='its slug; "" for every network')
    parser.add_argument("--safe", choices=("yes", "no"), default=None)
    parser.add_argument("--note", default=None)


def _of_confirm(parser: CommandParser) -> None:
    parser.add_argument("address", help="as you have it from a source of your own")
    parser.add_argument("--network", default="", help="if it is for one network only, its slug")
    parser.add_argument("--safe", action="store_true", help="if it is a safe address")


def _of_remove(parser: CommandParser) -> None:
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


_ARGUMENTS = {
    "add": _of_add,
    "change": _of_change,
    "confirm": _of_confirm,
    "remove": _of_remove,
}
