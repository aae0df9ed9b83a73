"""Upkeep at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.backup.errors import BackupRefused
from airdrops_site.cleaning.services import CleanupBusy, CleanupStopped
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.upkeep import verbs
from airdrops_site.upkeep.results import NotDone
from airdrops_site.upkeep.running import UpkeepBusy
from airdrops_site.upkeep.works import BY_NAME
from analytics.rollups.turns import RollupBusy


def _of_run(parser: CommandParser) -> None:
    parser.add_argument("kind", choices=sorted(BY_NAME), metavar="KIND")
    parser.add_argument("--by", default="", help="who asks, for the record; you if not given")


class Command(VerbsCommand):
    """`upkeep run` exits with 1 for findings, 3 for what nobody could find out, 2 for not done."""

    help = "Daily, weekly, monthly and quarterly upkeep: when it comes, what it found, doing it."
    refusals = (BackupRefused, NotDone, UpkeepBusy, CleanupBusy, CleanupStopped, RollupBusy)
    verbs = {
        "list": Verb(verbs.listed, "each piece with its newest result"),
        "calendar": Verb(verbs.calendar, "when each comes next"),
        "run": Verb(verbs.do, "do one now", _of_run),
    }
