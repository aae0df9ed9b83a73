"""Deleting what nothing needs any more, at the command line."""

import re
import sys
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.cleaning.services import Cleanup, CleanupBusy, CleanupStopped, clean_up
from airdrops_site.people import shell_actor
from airdrops_site.scripted import OneSentenceParser, ScriptedCommand
from analytics.rollups.turns import RollupBusy

_UNITS = {"d": 1, "w": 7, "y": 365}
# Gates look back a week.
LEAST, MOST = 8, 36_500


def days_of(text: str) -> int:
    """Of `90d`, `12w`, `1y`; BadInput for anything else."""
    found = re.fullmatch(r"(\d{1,6})([dwy])", text)
    days = int(found[1]) * _UNITS[found[2]] if found else 0
    if not LEAST <= days <= MOST:
        raise BadInput(f"--older-than {text[:40]} is not {LEAST}d to {MOST}d; write 90d, 12w or 1y")
    return days


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class Command(ScriptedCommand):
    """0: done; 2: not done, or interrupted."""

    help = "Delete old rows that nothing needs: sums first, in short batches; never the books."

    def add_arguments(self, parser: CommandParser) -> None:
        """How old, and whether really."""
        parser.__class__ = OneSentenceParser
        parser.add_argument("--older-than", help="90d, 12w or 1y; AIRDROPS_KEEP_DAYS if not given")
        parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def do(self, options: dict[str, Any]) -> None:
        """Delete, and say what went."""
        older_than, dry_run = options["older_than"], options["dry_run"]
        days = None if older_than is None else days_of(older_than)
        try:
            done = clean_up(days=days, dry_run=dry_run, by=shell_actor(), progress=_tell)
        except (CleanupBusy, CleanupStopped, RollupBusy) as error:
            raise BadInput(str(error)) from error
        _answer(done, dry_run=dry_run).print(self.stdout, self.console, as_json=options["json"])


def _answer(done: Cleanup, *, dry_run: bool) -> Answer:
    columns = ("Table", "Would go" if dry_run else "Gone", "Why it may")
    rows = [(one.table, str(one.rows), one.reason) for one in done.freed]
    facts = {
        "dry_run": dry_run,
        "rows": done.rows,
        "tables": {one.table: one.rows for one in done.freed},
        "free_bytes": done.space.free_bytes,
    }
    total = f"{done.rows} rows {'would go' if dry_run else 'are gone'}. {done.space.sentence}"
    return Answer(facts, (table("Cleanup", columns, rows), total))
