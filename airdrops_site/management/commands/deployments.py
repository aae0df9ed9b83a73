"""Contracts of protocols at the command line."""

from argparse import SUPPRESS, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.deployments_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import BadInput, ScriptedCommand
from airdrops_site.tx.known import a_number, a_reason
from protocols.deployments import DeploymentError
from wallets.addresses import AddressError, parse_address, parse_hash

VERBS = {
    "list": (verbs.listed, "those that are published or registered, and what is known of them"),
    "verify": (verbs.verified, "ask the chains; exit 1 if one has changed or is not known"),
    "enable": (verbs.enabled, "let adapters call what is on chain as it is on record"),
    "disable": (verbs.disabled, "take them out of use"),
}


class Command(ScriptedCommand):
    """Exit code 1: something has changed, or could not be verified or enabled; bad input is 2."""

    help = "List, verify, enable and disable the contracts that adapters may call."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            one.add_argument("--network", default="", help="only there, by its slug")
            one.add_argument("--protocol", default="", help="only of this one, by its slug")
            _ARGUMENTS[name](one)

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        try:
            answer, code = VERBS[options["verb"]][0](options)
        except DeploymentError as error:
            raise BadInput(str(error)) from error
        answer.print(self.stdout, self.console, as_json=options["json"])
        if code:
            raise SystemExit(code)


def a_code_hash(text: str) -> str:
    """The keccak of a contract's code."""
    try:
        return parse_hash(text)
    except AddressError:
        raise ArgumentTypeError(f"{text!r} is no code hash: write 0x and 64 hex digits") from None


def an_address(text: str) -> str:
    """An address with its checksum."""
    try:
        return parse_address(text)
    except AddressError as error:
        raise ArgumentTypeError(str(error)) from None


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--changed", action="store_true", help="only those that have changed")
    parser.add_argument("--enabled", action="store_true", help="only those in use")


def _numbers(parser: CommandParser) -> None:
    parser.add_argument("numbers", nargs="*", type=a_number, metavar="NUMBER")


def _of_enable(parser: CommandParser) -> None:
    _numbers(parser)
    parser.add_argument(
        "--override-reason",
        type=a_reason,
        default=None,
        help="why to use what is published as not to be used",
    )
    parser.add_argument(
        "--code-hash", type=a_code_hash, default=None, help="of the changed code that is right"
    )
    parser.add_argument(
        "--implementation",
        type=an_address,
        default=None,
        help="the changed one that is right",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be allowed; ask nobody"
    )
    add_person(parser, required=False)


def _of_disable(parser: CommandParser) -> None:
    _numbers(parser)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


_ARGUMENTS = {
    "list": _of_list,
    "verify": _numbers,
    "enable": _of_enable,
    "disable": _of_disable,
}
