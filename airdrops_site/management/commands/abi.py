"""The ABI files of adapters at the command line."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.abi_command import verbs
from airdrops_site.scripted import BadInput, ScriptedCommand
from protocols.codec import AbiError

VERBS = {
    "check": (verbs.check, "all there are; exit 1 if one cannot be read"),
    "update": (verbs.update, "take over a newer ABI, if nothing that is used breaks"),
}


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused; nothing was written then."""

    help = "Look at the ABI files of adapters, and take over newer ones."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            if name == "update":
                one.add_argument("abi", metavar="PROTOCOL/NAME")
                one.add_argument("file", help="an ABI, or an artifact with one, as JSON")
                one.add_argument("--dry-run", action="store_true", help="only say what would be")

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        try:
            answer, code = VERBS[options["verb"]][0](options)
        except AbiError as error:
            raise BadInput(str(error)) from error
        answer.print(self.stdout, self.console, as_json=options["json"])
        if code:
            raise SystemExit(code)
