"""Limits at the command line."""

import argparse

from django.core.management.base import CommandParser

from airdrops_site.limits_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_number, a_reason
from wallets.models import Limit


def _hours(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 7 * 24:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours, 1 to 168")
    return int(text)


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--kind", choices=Limit.Kind.values, default="", metavar="KIND")


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("kind", choices=Limit.Kind.values, metavar="KIND", help="like max_value")
    parser.add_argument("scope", help="everything, wallet:LABEL, token:NETWORK:ADDRESS, …")
    parser.add_argument("amount", help="like '1.5 ETH', '0.5 %%' or '300 USD'")


def _of_set(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("--note", default="", help="for the history and the page")
    add_person(parser)


def _of_override(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("--hours", type=_hours, required=True, help="how long it counts")
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    add_person(parser)


def _of_end(parser: CommandParser) -> None:
    parser.add_argument("override", type=a_number, help="its number, as list shows it")
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    add_person(parser)


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "List limits and what is used of them, set one, override one for a while."
    verbs = {
        "list": Verb(verbs.show_all, "all, with the number that counts now", _of_list),
        "usage": Verb(verbs.usage, "what is taken of this day's and this hour's"),
        "set": Verb(verbs.set_one, "make or change one", _of_set),
        "override": Verb(verbs.override, "another number for some hours", _of_override),
        "end-override": Verb(verbs.end, "end an override before its time", _of_end),
    }
