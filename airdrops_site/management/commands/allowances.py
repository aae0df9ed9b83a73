"""What spenders may take of our tokens, at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.allowances import answers
from airdrops_site.allowances.scope import FILTERS
from airdrops_site.scripted import Verb, VerbsCommand
from wallets.addresses import AddressError


def _of_status(parser: CommandParser) -> None:
    parser.add_argument("--network", default="", help="only this one, by its slug")


def _of_scan(parser: CommandParser) -> None:
    _of_status(parser)
    text = "ask about this contract too, registered or not; may be repeated"
    parser.add_argument("--spender", action="append", default=[], help=text)


def _of_check(parser: CommandParser) -> None:
    for name in FILTERS:
        parser.add_argument(f"--{name}", default="", help="only this one")


def _of_list(parser: CommandParser) -> None:
    _of_check(parser)
    parser.add_argument("--unlimited", action="store_true", help="only the unlimited")
    parser.add_argument("--unknown", action="store_true", help="only those not known")
    parser.add_argument("--all", action="store_true", help="also those that are zero")


def _of_revoke(parser: CommandParser) -> None:
    _of_check(parser)
    parser.add_argument("--all", action="store_true", help="every one there is")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be")
    parser.add_argument("--reason", default="", help="for the history")


class Command(VerbsCommand):
    """Exit code 1: something stands, is not known, or was not taken back; bad input is 2."""

    help = "List, scan, check and revoke what spenders may take of our wallets' tokens."
    refusals = (AddressError,)
    verbs = {
        "list": Verb(
            answers.listed, "those that are known to stand, and those that are not known", _of_list
        ),
        "status": Verb(
            answers.status,
            "what the last scan of each network asked; exit 1 if not everything was answered",
            _of_status,
        ),
        "scan": Verb(
            answers.scanned,
            "ask the chain about all wallets, tokens and known spenders; exit 1 as for status",
            _of_scan,
        ),
        "check": Verb(
            answers.checked,
            "ask the chain about what is named; exit 1 if any stands or is not answered",
            _of_check,
        ),
        "revoke": Verb(
            answers.revoked,
            "ask the chain, and take back what stands; exit 1 if any cannot be",
            _of_revoke,
        ),
    }
