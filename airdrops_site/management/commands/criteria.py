"""Criteria of airdrops at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.criteria_command import rule_sets, verbs
from airdrops_site.scripted import Verb, VerbsCommand
from analytics.criteria.library import CriteriaError


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("rule_set", help="its slug")


def _of_file(parser: CommandParser) -> None:
    parser.add_argument("file", help="a rule set as TOML")


def _of_campaign(parser: CommandParser) -> None:
    parser.add_argument("--campaign", required=True, help="its slug")


def _of_evaluation(parser: CommandParser) -> None:
    _of_campaign(parser)
    parser.add_argument(
        "--assume-complete",
        action="store_true",
        help="you say that all history is here, also where that is not known",
    )
    parser.add_argument("--dry-run", action="store_true", help="keep nothing")


def _of_standing(parser: CommandParser) -> None:
    _of_campaign(parser)
    parser.add_argument("--wallet", default="", help="only this one, by its label")


def _of_attesting(parser: CommandParser) -> None:
    parser.add_argument("--file", default="", help="CSV: wallet,fact,value,source")
    parser.add_argument("--wallet", default="", help="one, by its label or address")
    parser.add_argument("--all-wallets", action="store_true", help="the same of every wallet")
    parser.add_argument("--fact", default="", help="as the rule set names it")
    parser.add_argument("--value", default="1", help="a number, yes or no")
    parser.add_argument("--source", default="", help="where it can be looked up")
    parser.add_argument("--dry-run", action="store_true", help="keep nothing")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Rules of airdrops, and where each wallet stands by them."
    refusals = (CriteriaError,)
    verbs = {
        "list": Verb(rule_sets.show_all, "the rule sets there are, shipped and your own"),
        "show": Verb(rule_sets.show_one, "one with its source and its rules", _of_one),
        "check": Verb(rule_sets.check, "whether a file of your own can be used", _of_file),
        "evaluate": Verb(
            verbs.evaluate, "set all wallets against a campaign's rule set", _of_evaluation
        ),
        "standing": Verb(
            verbs.show_standing, "where wallets stood at the newest evaluation", _of_standing
        ),
        "attest": Verb(
            verbs.attest_facts, "say what no chain tells, with its source", _of_attesting
        ),
    }
