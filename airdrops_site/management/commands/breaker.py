"""Circuit breakers at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.breaker_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_reason


def _of_try(parser: CommandParser) -> None:
    parser.add_argument("protocol", help="its slug")
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "List circuit breakers, or let an open one try again with one run."
    verbs = {
        "list": Verb(verbs.show_all, "those that may open, and how they stand"),
        "try": Verb(verbs.let_try, "let one run through; its success closes it", _of_try),
    }
