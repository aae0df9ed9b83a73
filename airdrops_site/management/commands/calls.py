"""Calls that two persons stand behind, at the command line."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.calls_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import ScriptedCommand
from airdrops_site.tx.known import a_reason

VERBS = {
    "list": (verbs.listed, "what is proposed and approved, with the bytes in --json"),
    "propose": (verbs.propose, "propose a call of a registered contract; nothing may make it yet"),
    "approve": (verbs.approve, "stand behind the very bytes that somebody else proposed"),
    "revoke": (verbs.revoke, "let nothing make the call any more"),
}


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused."""

    help = "Calls of registered contracts: proposed by one person, approved by another."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            _ARGUMENTS[name](one)

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        answer = VERBS[options["verb"]][0](options)
        answer.print(self.stdout, self.console, as_json=options["json"])


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--all", action="store_true", help="ended ones too")


def _of_propose(parser: CommandParser) -> None:
    parser.add_argument("network", help="its slug")
    parser.add_argument("address", help="a contract registered as contract-name")
    parser.add_argument("function", help="name(type,type), or @file with its ABI fragment")
    parser.add_argument("arguments", nargs="?", default="[]", help="a JSON list")
    parser.add_argument("--value", type=int, default=0, help="native coin with it, in wei")
    parser.add_argument("--hours", type=int, default=24, help="how long it may be made; 24")
    parser.add_argument("--note", required=True, help="what it does, and who said so")
    parser.add_argument("--dry-run", action="store_true", help="only say what it would be")
    add_person(parser, required=False)


def _of_approve(parser: CommandParser) -> None:
    parser.add_argument("call", type=int)
    parser.add_argument("--digest", required=True, help="as `calls list --json` shows it")
    add_person(parser)


def _of_revoke(parser: CommandParser) -> None:
    parser.add_argument("call", type=int)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    add_person(parser)


_ARGUMENTS = {
    "list": _of_list,
    "propose": _of_propose,
    "approve": _of_approve,
    "revoke": _of_revoke,
}
