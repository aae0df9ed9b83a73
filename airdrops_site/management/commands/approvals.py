"""Approvals at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.approvals_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_limit, a_number, a_reason
from scheduling.states import ApprovalState


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--state", choices=ApprovalState.values, default="")
    parser.add_argument("--all", action="store_true", help="those that are over, too")
    parser.add_argument("--limit", type=a_limit, default=50)


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("approval", type=a_number, help="its number")


def _of_deciding(parser: CommandParser) -> None:
    _of_one(parser)
    add_person(parser)


def _of_declining(parser: CommandParser) -> None:
    _of_deciding(parser)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "List, show, approve or decline what runs ask a second person for."
    verbs = {
        "list": Verb(verbs.show_all, "those that wait, the newest first", _of_list),
        "show": Verb(verbs.show_one, "one in words: what its run would do", _of_one),
        "approve": Verb(verbs.approve, "consent to exactly these steps", _of_deciding),
        "decline": Verb(verbs.decline, "end its run before these steps", _of_declining),
    }
