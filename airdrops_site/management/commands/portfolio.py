"""The portfolio at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.portfolio_command import verbs
from airdrops_site.portfolio_command.period import add_period
from airdrops_site.scripted import Verb, VerbsCommand
from analytics.portfolio import PortfolioError
from analytics.portfolio.distribution import BY


def _of_show(parser: CommandParser) -> None:
    add_period(parser)
    parser.add_argument("--every", choices=("day", "hour"), default="day")


def _of_measures(parser: CommandParser) -> None:
    add_period(parser)
    parser.add_argument("--risk-free", default="0", help="a year's rate: 0.04 is four percent")
    parser.add_argument(
        "--benchmark", action="append", default=[], metavar="SYMBOL", help="instead of the usual"
    )


def _of_distribution(parser: CommandParser) -> None:
    parser.add_argument("--by", choices=BY, default="protocol")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what cannot be asked."""

    help = "Show what all is worth over time, how well it did, and where it is."
    refusals = (PortfolioError,)
    verbs = {
        "show": Verb(verbs.show, "what all was worth, and what came from outside", _of_show),
        "measures": Verb(
            verbs.measured, "returns, risk, concentration and benchmarks", _of_measures
        ),
        "distribution": Verb(verbs.distributed, "where all is now", _of_distribution),
        "snapshot": Verb(verbs.snapshot, "add all up now, and keep it"),
    }
