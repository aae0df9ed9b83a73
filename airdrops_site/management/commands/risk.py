"""The risk level at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.risk_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_limit, a_reason
from scheduling.models import RiskLevel, RiskResponse


def _of_show(parser: CommandParser) -> None:
    parser.add_argument("--now", action="store_true", help="work it out anew from what is known")


def _of_history(parser: CommandParser) -> None:
    parser.add_argument("--level", choices=RiskLevel.values, default="", help="only this one")
    parser.add_argument("--limit", type=a_limit, default=50)


def _of_set_response(parser: CommandParser) -> None:
    parser.add_argument("level", choices=RiskLevel.values)
    parser.add_argument("action", choices=RiskResponse.Action.values)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    parser.add_argument("--dry-run", action="store_true", help="say it, and change nothing")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Show the risk level and its history, and say what happens at each level."
    verbs = {
        "show": Verb(verbs.show, "the level, why, and what is configured for it", _of_show),
        "history": Verb(verbs.history, "how it was, the newest first", _of_history),
        "responses": Verb(verbs.responses, "what happens at each level"),
        "set-response": Verb(
            verbs.set_response, "say what happens from a level on", _of_set_response
        ),
    }
