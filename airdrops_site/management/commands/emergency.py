"""The emergency stop at the command line, and what may be ordered after it."""

from django.core.management.base import CommandParser

from airdrops_site.emergency import verbs
from airdrops_site.emergency.scopes import MODES
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_reason


def _reason(parser: CommandParser) -> None:
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


def _scope(parser: CommandParser) -> None:
    parser.add_argument("--wallet", default="", help="only this one, by its label")
    parser.add_argument("--protocol", default="", help="only this one, by its slug")
    parser.add_argument("--network", default="", help="only this one, by its slug")


def _of_resume(parser: CommandParser) -> None:
    _reason(parser)
    _scope(parser)


def _of_stop(parser: CommandParser) -> None:
    _of_resume(parser)
    parser.add_argument(
        "--mode", choices=tuple(MODES), default="everything", help="what the stop does not spare"
    )


def _of_clearing(parser: CommandParser) -> None:
    _of_resume(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would become of each")


def _of_withdrawing(parser: CommandParser) -> None:
    _reason(parser)
    parser.add_argument("--wallet", default="", help="only this one, by its label")
    parser.add_argument("--protocol", default="", help="only this one, by its slug")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be withdrawn")
    add_person(parser, required=False)


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Stop all signing at once, let it resume, and order what follows a stop."
    verbs = {
        "stop": Verb(verbs.stop, "sign nothing more, from the commit on", _of_stop),
        "resume": Verb(verbs.resume, "let it sign again", _of_resume),
        "status": Verb(verbs.status, "what is stopped, by whom, why and since when"),
        "cancel-pending": Verb(
            verbs.cancel_pending,
            "end what is not signed, ask a cancel for what is not mined",
            _of_clearing,
        ),
        "withdraw": Verb(
            verbs.withdraw,
            "make one-off runs that take positions out; exit code 1: something stays",
            _of_withdrawing,
        ),
    }
