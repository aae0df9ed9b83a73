"""Restoring at the command line."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput
from airdrops_site.backup.bringing_back import restore
from airdrops_site.backup.checking import check
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.making import folder_for_copies
from airdrops_site.backup.places import forget_old, old_ones
from airdrops_site.backup.running import refuse_if_running
from airdrops_site.backup.stores import local_file
from airdrops_site.backup_command import answers
from airdrops_site.backup_command.asked import passphrase_for, progress_on
from airdrops_site.people import shell_actor
from airdrops_site.scripted import OneSentenceParser, ScriptedCommand

type Said = tuple[Answer, int]


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused; the running state is untouched then.

    1: settings differ (--config).
    """

    help = "Put a backup in the place of the running state, which is kept aside; it comes paused."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and how far to go."""
        parser.__class__ = OneSentenceParser
        parser.add_argument("file", nargs="?", default="", help="a backup, or its s3:// address")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--verify-only", action="store_true", help="read all of it, do nothing")
        how.add_argument("--dry-run", action="store_true", help="say what would be replaced")
        how.add_argument("--config", action="store_true", help="print settings that differ now")
        how.add_argument("--forget-old", action="store_true", help="delete what was kept aside")
        parser.add_argument(
            "--even-if-dead",
            action="store_true",
            help="a silent cluster that never said that it ended is dead: its host is off",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def do(self, options: dict[str, Any]) -> None:
        """As far as was asked."""
        try:
            answer, code = self._said(options)
        except BackupRefused as error:
            raise BadInput(str(error)) from error
        answer.print(self.stdout, self.console, as_json=options["json"])
        if code:
            raise SystemExit(code)

    def _said(self, options: dict[str, Any]) -> Said:
        if options["forget_old"]:
            return answers.of_forgotten(forget_old()), 0
        if not options["file"]:
            raise BadInput("name the backup's file, or its s3:// address")
        with local_file(options["file"], folder_for_copies()) as path:
            return self._of_file(path, options)

    def _of_file(self, path: Path, options: dict[str, Any]) -> Said:
        passphrase = passphrase_for(path)
        if options["config"]:
            return answers.of_settings(check(path, passphrase))
        if options["verify_only"]:
            return answers.of_checked(check(path, passphrase), "nothing was changed"), 0
        dead = options["even_if_dead"]
        if options["dry_run"]:
            refuse_if_running(even_if_dead=dead)
            told = f"nothing was changed; {len(old_ones())} states are kept aside already"
            return answers.of_checked(check(path, passphrase), told), 0
        say = progress_on(self.stderr)
        done = restore(path, passphrase, by=shell_actor(), say=say, even_if_dead=dead)
        return answers.of_restored(done), 0
