"""The ABI files of adapters at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.abi_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from protocols.codec import AbiError


def _of_update(parser: CommandParser) -> None:
    parser.add_argument("abi", metavar="PROTOCOL/NAME")
    parser.add_argument("file", help="an ABI, or an artifact with one, as JSON")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was written then."""

    help = "Look at the ABI files of adapters, and take over newer ones."
    refusals = (AbiError,)
    verbs = {
        "check": Verb(verbs.check, "all there are; exit 1 if one cannot be read"),
        "update": Verb(verbs.update, "take over a newer ABI, if nothing used breaks", _of_update),
    }
