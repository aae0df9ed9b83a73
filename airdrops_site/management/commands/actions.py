"""What protocols can do, at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.actions_command import healths, verbs
from airdrops_site.scripted import Verb, VerbsCommand


def _of_show(parser: CommandParser) -> None:
    parser.add_argument("action", metavar="PROTOCOL/ACTION")


def _of_preview(parser: CommandParser) -> None:
    _of_show(parser)
    parser.add_argument("--network", required=True, help="where, by its slug")
    parser.add_argument("--wallet", required=True, help="whose, by its label")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the action; may be repeated",
    )


def _of_health(parser: CommandParser) -> None:
    parser.add_argument("protocol", nargs="?", default="", help="only this one")
    parser.add_argument("--network", default="", help="only there, by its slug")


class Command(VerbsCommand):
    """Exit code 2 and one sentence where it cannot be planned; nothing is ever recorded."""

    help = "List and describe actions, and say what one would do without doing it."
    verbs = {
        "list": Verb(verbs.listed, "all there are, and where they can be used now"),
        "show": Verb(
            verbs.shown, "one: its parameters, what it may call, where that is enabled", _of_show
        ),
        "preview": Verb(
            verbs.previewed,
            "what it would do now; exit 1 if it would be refused or reverted",
            _of_preview,
        ),
        "health": Verb(
            healths.healths,
            "whether protocols can be used now; exit 1 if anything is wrong",
            _of_health,
        ),
    }
