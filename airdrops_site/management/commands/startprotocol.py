"""A new protocol to begin with."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from airdrops_site.scripted import OneSentenceParser, ScriptedCommand
from airdrops_site.startprotocol.writing import NotWritten, write_inside, write_plugin


class Command(ScriptedCommand):
    """Exit code 2 and one sentence where nothing was written."""

    help = "Writes an adapter that works: one action, its ABI, its test and a page about it."

    def add_arguments(self, parser: CommandParser) -> None:
        """A name, and where."""
        parser.__class__ = OneSentenceParser
        parser.add_argument("name", help="lower-case words with hyphens")
        parser.add_argument(
            "--into", default="", metavar="DIR", help="a package of its own there, not in here"
        )

    def do(self, options: dict[str, Any]) -> None:
        """Write it, and say where."""
        name, into = options["name"], options["into"]
        try:
            if into:
                written = write_plugin(name, Path(into))
            else:
                written = write_inside(name, Path(settings.BASE_DIR))
        except NotWritten as error:
            raise BadInput(str(error)) from error
        for path in written:
            self.stdout.write(str(path))
