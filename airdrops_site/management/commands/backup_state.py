"""Backups at the command line."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput
from airdrops_site.backup.bringing_back import try_out
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.making import folder_for_copies, make_backup
from airdrops_site.backup.stores import local_file
from airdrops_site.backup_command import answers
from airdrops_site.backup_command.asked import (
    passphrase_for,
    passphrase_for_writing,
    progress_on,
)
from airdrops_site.people import shell_actor
from airdrops_site.scripted import OneSentenceParser, ScriptedCommand


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused; no half file is left then."""

    help = "Write the whole state to one file while everything runs, or try a backup out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and in which form."""
        parser.__class__ = OneSentenceParser
        parser.add_argument("--to", default="", help="a folder or s3://bucket/prefix")
        form = parser.add_mutually_exclusive_group()
        form.add_argument(
            "--encrypt", action="store_true", help="under the passphrase; so it is without --plain"
        )
        form.add_argument("--plain", action="store_true", help="not encrypted")
        parser.add_argument(
            "--portable", action="store_true", help="readable by SQLite and PostgreSQL; slower"
        )
        parser.add_argument(
            "--verify", default="", metavar="FILE", help="restore FILE to a scratch place instead"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def do(self, options: dict[str, Any]) -> None:
        """Make one, or try one out."""
        try:
            answer = self._verify(options) if options["verify"] else self._make(options)
        except BackupRefused as error:
            raise BadInput(str(error)) from error
        answer.print(self.stdout, self.console, as_json=options["json"])

    def _make(self, options: dict[str, Any]) -> Answer:
        made = make_backup(
            to=options["to"] or settings.BACKUP_DIR,
            passphrase=passphrase_for_writing(plain=options["plain"]),
            by=shell_actor(),
            say=progress_on(self.stderr),
            portable=options["portable"],
        )
        return answers.of_made(made)

    def _verify(self, options: dict[str, Any]) -> Answer:
        with local_file(options["verify"], folder_for_copies()) as path:
            said = progress_on(self.stderr)
            checked = try_out(path, passphrase_for(path), by=shell_actor(), say=said)
            return answers.of_checked(checked, "it was restored to a scratch place: all counts fit")
