"""Prices at the command line."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_rich.management import RichCommand

from airdrops_site.answers import BadInput
from airdrops_site.prices_command import verbs
from wallets.chain.errors import ChainError
from wallets.prices import PriceError

VERBS = {
    "list": (verbs.show, "what is known, by whom, how old, and whether it counts"),
    "refresh": (verbs.refresh, "ask every source now"),
    "set": (verbs.set_price, "a price of your own, for some hours"),
    "clear": (verbs.clear, "take your own price back"),
    "feed": (verbs.feed, "go by a Chainlink feed, after looking at it"),
}


class Command(RichCommand):
    """`prices refresh` exits with 1 when something was not read; bad input with 2."""

    help = "Shows, sets and refreshes what tokens are worth in US dollars."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        found = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        made = {name: found.add_parser(name, help=text) for name, (_, text) in VERBS.items()}
        for name in ("list", "refresh"):
            made[name].add_argument("--network", default="", help="only this one, by its slug")
            made[name].add_argument(
                "--all", action="store_true", help="also of tokens that no wallet holds"
            )
        for name in ("set", "clear", "feed"):
            made[name].add_argument("network_slug", metavar="network", help="its slug")
            made[name].add_argument("token", help="its symbol, its address, or native")
        made["set"].add_argument("price", help="US dollars for one, like 1.5")
        made["set"].add_argument("--hours", type=int, default=24, help="how long it counts")
        _add_feed(made["feed"])
        for verb in made.values():
            verb.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it and print the answer."""
        work, _ = VERBS[options["verb"]]
        try:
            answer = work(options)
        except (BadInput, PriceError, ChainError) as error:
            raise CommandError(str(error), returncode=2) from error
        answer.print(self.stdout, self.console, as_json=options["json"])
        if options["verb"] == "refresh" and answer.facts["problems"]:
            raise SystemExit(1)


def _add_feed(parser: CommandParser) -> None:
    parser.add_argument("address", help="the feed's")
    parser.add_argument("--on", default="", help="the network it stands on, if another")
    parser.add_argument("--heartbeat", type=int, required=True, help="seconds, as published")
    parser.add_argument("--source", required=True, help="where it is published")
    parser.add_argument("--description", default="", help="word for word, if not … / USD")
