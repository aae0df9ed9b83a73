"""Sums of hours and days at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.rollups_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from analytics.models.rollups import Metric
from analytics.rollups.turns import RollupBusy


def _of_metrics(parser: CommandParser) -> None:
    parser.add_argument("--metric", action="append", default=[], choices=Metric.values)


def _of_verify(parser: CommandParser) -> None:
    _of_metrics(parser)
    parser.add_argument("--repair", action="store_true", help="make right what differs")


def _of_clean(parser: CommandParser) -> None:
    parser.add_argument("--keep-days", type=int, help="instead of AIRDROPS_KEEP_DAYS")
    parser.add_argument("--dry-run", action="store_true", help="say it, and delete nothing")


class Command(VerbsCommand):
    """`rollups verify` exits with 1 when a sum is not what its rows come to; bad input with 2."""

    help = "Add up hours and days, compare the sums with their rows, and clean old rows."
    refusals = (RollupBusy,)
    verbs = {
        "status": Verb(verbs.status, "how far each metric is"),
        "run": Verb(verbs.run, "add up what has come since", _of_metrics),
        "verify": Verb(verbs.check, "compare the sums with their rows", _of_verify),
        "clean": Verb(verbs.remove, "delete old rows of which sums are kept", _of_clean),
    }
