"""Reports at the command line."""

from argparse import ArgumentTypeError
from datetime import date

from django.core.management.base import CommandParser

from airdrops_site.report_command import verbs
from airdrops_site.scripted import Options, Verb, VerbsCommand
from analytics.reports.forms import FORMS
from analytics.reports.periods import PeriodError


def _a_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date; write it like 2026-11-26") from error


def _of_report(parser: CommandParser) -> None:
    parser.add_argument(
        "--date", type=_a_date, default=None, help="a day in it (UTC); the last that is over"
    )
    parser.add_argument("--format", choices=FORMS, default="text", help="text where not given")
    parser.add_argument("--output", default="", help="a file; - for the standard output")


def _of_campaign(parser: CommandParser) -> None:
    parser.add_argument("--campaign", required=True, help="its slug")
    _of_report(parser)


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; no file was written then."""

    help = "Write what a day, a week or a campaign came to: as HTML, CSV, JSON, PDF or text."
    refusals = (PeriodError,)
    verbs = {
        "daily": Verb(verbs.daily, "of a day (UTC)", _of_report),
        "weekly": Verb(verbs.weekly, "of a week from Monday on (UTC)", _of_report),
        "campaign": Verb(verbs.campaign, "of one, up to the end of a week", _of_campaign),
    }

    def do(self, options: Options) -> None:
        """With `--json` the report itself is the JSON."""
        if options["json"]:
            options = {**options, "format": "json", "json": False}
        super().do(options)
