"""Alerts at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.alerts_command import doing, showing
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_limit, a_number, a_reason
from analytics.models import Severity


def _of_many(parser: CommandParser) -> None:
    parser.add_argument("--limit", type=a_limit, default=50)


def _of_list(parser: CommandParser) -> None:
    _of_many(parser)
    parser.add_argument("--pending", action="store_true", help="also what does not fire yet")


def _of_history(parser: CommandParser) -> None:
    _of_many(parser)
    parser.add_argument("--rule", default="", help="only of this one")


def _of_messages(parser: CommandParser) -> None:
    _of_many(parser)
    parser.add_argument("--failed", action="store_true", help="only what was given up")


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("alert", type=a_number, help="its number")


def _of_silence(parser: CommandParser) -> None:
    parser.add_argument("alert", type=a_number, nargs="?", help="its number")
    parser.add_argument("--rule", default="", help="of every alert of this rule")
    parser.add_argument("--subject", default="", help="of every alert of this subject")
    parser.add_argument("--severity", choices=Severity.values, default="")
    parser.add_argument("--for", type=doing.a_time, required=True, help="like 30m, 2h or 1d")
    parser.add_argument("--reason", type=a_reason, required=True)


def _of_unsilence(parser: CommandParser) -> None:
    parser.add_argument("silence", type=a_number, help="its number")


def _of_set(parser: CommandParser) -> None:
    number = doing.a_number_or_default
    parser.add_argument("rule", help="its name")
    parser.add_argument("--enabled", choices=("on", "off"))
    parser.add_argument("--threshold", type=number, help="in its unit, or default")
    parser.add_argument("--for", type=number, dest="for_seconds", help="seconds, or default")
    parser.add_argument("--severity", choices=(*Severity.values, "default"))
    parser.add_argument("--route", help="like 'mail,ops > phone', or default")
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


def _of_test(parser: CommandParser) -> None:
    parser.add_argument("channel", nargs="?", help="its name; all when not given")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; 1 where a test was not taken."""

    help = "What is wrong now, who looks at it, whom it is told to."
    verbs = {
        "list": Verb(showing.show_open, "what fires now", _of_list),
        "show": Verb(showing.show_one, "one, with what to do about it", _of_one),
        "ack": Verb(doing.acknowledge, "say that somebody looks at one", _of_one),
        "silence": Verb(doing.silence, "tell nobody of it for a while", _of_silence),
        "unsilence": Verb(doing.unsilence, "lift a silence", _of_unsilence),
        "silences": Verb(showing.show_silences, "of what nobody is told", _of_many),
        "rules": Verb(showing.show_rules, "all rules as they hold now"),
        "set": Verb(doing.set_rule, "let a rule hold otherwise", _of_set),
        "channels": Verb(showing.show_channels, "whom there is to tell, by name"),
        "test": Verb(doing.send_test, "really send a message, to one channel or all", _of_test),
        "messages": Verb(showing.show_messages, "what was sent and what was not", _of_messages),
        "history": Verb(showing.show_history, "what was, the newest first", _of_history),
    }
