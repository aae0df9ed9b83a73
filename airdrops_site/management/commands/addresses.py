"""The address book at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.addresses_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_reason


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--all", action="store_true", help="removed ones too")


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("label")
    add_person(parser)


def _of_add(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("address", help="with its capitals, as its source has it")
    parser.add_argument("--network", default="", help="only there, by its slug; else everywhere")
    parser.add_argument("--safe", action="store_true", help="wallets in trouble are drained to it")
    parser.add_argument("--note", default="", help="whose it is, who said so")


def _of_change(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("--address", default="", help="the new address")
    parser.add_argument("--label", dest="new_label", default="", help="the new label")
    parser.add_argument("--network", default=None, help='its slug; "" for every network')
    parser.add_argument("--safe", choices=("yes", "no"), default=None)
    parser.add_argument("--note", default=None)


def _of_confirm(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("address", help="as you have it from a source of your own")
    parser.add_argument("--network", default="", help="if it is for one network only, its slug")
    parser.add_argument("--safe", action="store_true", help="if it is a safe address")


def _of_remove(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused."""

    help = "Recipients that are no wallets of ours: entered by one person, confirmed by another."
    verbs = {
        "list": Verb(verbs.listed, "who may receive, and who stands behind it", _of_list),
        "add": Verb(
            verbs.add, "enter somebody else's address; it receives nothing until confirmed", _of_add
        ),
        "change": Verb(verbs.change, "change one; it must be confirmed again", _of_change),
        "confirm": Verb(verbs.confirm, "stand behind what somebody else entered", _of_confirm),
        "remove": Verb(verbs.remove, "let nothing go there any more", _of_remove),
    }
