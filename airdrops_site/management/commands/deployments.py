"""Contracts of protocols at the command line."""

from argparse import ArgumentTypeError

from django.core.management.base import CommandParser

from airdrops_site.deployments_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_number, a_reason
from protocols.deployments import DeploymentError
from wallets.addresses import AddressError, parse_address, parse_hash


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


def _narrowed(parser: CommandParser) -> None:
    parser.add_argument("--network", default="", help="only there, by its slug")
    parser.add_argument("--protocol", default="", help="only of this one, by its slug")


def _of_list(parser: CommandParser) -> None:
    _narrowed(parser)
    parser.add_argument("--changed", action="store_true", help="only those that have changed")
    parser.add_argument("--enabled", action="store_true", help="only those in use")


def _numbers(parser: CommandParser) -> None:
    _narrowed(parser)
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


class Command(VerbsCommand):
    """Exit code 1: something has changed, or could not be verified or enabled; bad input is 2."""

    help = "List, verify, enable and disable the contracts that adapters may call."
    refusals = (DeploymentError,)
    verbs = {
        "list": Verb(
            verbs.listed,
            "those that are published or registered, and what is known of them",
            _of_list,
        ),
        "verify": Verb(
            verbs.verified, "ask the chains; exit 1 if one has changed or is not known", _numbers
        ),
        "enable": Verb(
            verbs.enabled, "let adapters call what is on chain as it is on record", _of_enable
        ),
        "disable": Verb(verbs.disabled, "take them out of use", _of_disable),
    }
