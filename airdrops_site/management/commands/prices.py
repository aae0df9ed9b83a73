"""Prices at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.prices_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from wallets.prices import PriceError


def _of_several(parser: CommandParser) -> None:
    parser.add_argument("--network", default="", help="only this one, by its slug")
    parser.add_argument("--all", action="store_true", help="also of tokens that no wallet holds")


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("network_slug", metavar="network", help="its slug")
    parser.add_argument("token", help="its symbol, its address, or native")


def _of_set(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("price", help="US dollars for one, like 1.5")
    parser.add_argument("--hours", type=int, default=24, help="how long it counts")


def _of_feed(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("address", help="the feed's")
    parser.add_argument("--on", default="", help="the network it stands on, if another")
    parser.add_argument("--heartbeat", type=int, required=True, help="seconds, as published")
    parser.add_argument("--source", required=True, help="where it is published")
    parser.add_argument("--description", default="", help="word for word, if not … / USD")


def _of_import(parser: CommandParser) -> None:
    parser.add_argument("file", help="a CSV with the columns network,token,time,price")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


class Command(VerbsCommand):
    """`prices refresh` exits with 1 when something was not read; bad input with 2."""

    help = "Shows, sets and refreshes what tokens are worth in US dollars."
    refusals = (PriceError,)
    verbs = {
        "list": Verb(
            verbs.show, "what is known, by whom, how old, and whether it counts", _of_several
        ),
        "refresh": Verb(verbs.refresh, "ask every source now", _of_several),
        "set": Verb(verbs.set_price, "a price of your own, for some hours", _of_set),
        "clear": Verb(verbs.clear, "take your own price back", _of_one),
        "import": Verb(verbs.import_file, "prices of the past, all or none", _of_import),
        "feed": Verb(verbs.feed, "go by a Chainlink feed, after looking at it", _of_feed),
    }
