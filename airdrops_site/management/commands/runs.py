"""Runs at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.runs_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_limit, a_number, a_reason
from scheduling.states import RunState


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--state", choices=RunState.values, default="")
    parser.add_argument("--wallet", default="", help="only of this one, by its label")
    parser.add_argument("--waiting", action="store_true", help="only those that wait")
    parser.add_argument("--limit", type=a_limit, default=50)


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("run", type=a_number, help="its number")


def _of_ending(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


def _of_cancel(parser: CommandParser) -> None:
    _of_ending(parser)
    parser.add_argument(
        "--and-pending",
        action="store_true",
        help="also ask for a cancel of what is signed and in no block yet",
    )
    parser.add_argument(
        "--give-up",
        action="store_true",
        help="also when it waits for what it has sent, which is yours to see to then",
    )


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "List runs, show one, cancel one, restart or give up one that needs an operator."
    verbs = {
        "list": Verb(verbs.show_all, "the newest first", _of_list),
        "show": Verb(verbs.show_one, "one with its steps, and what it waits for", _of_one),
        "restart": Verb(
            verbs.restart,
            "go on with one that needs an operator, from what it has done",
            _of_ending,
        ),
        "give-up": Verb(
            verbs.give_up,
            "end one that needs an operator; what it began is yours to see to",
            _of_ending,
        ),
        "cancel": Verb(
            verbs.cancel,
            "begin nothing further of one, end what is unsigned, watch what is signed",
            _of_cancel,
        ),
    }
