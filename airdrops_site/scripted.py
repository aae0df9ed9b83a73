"""Commands whose exit codes scripts rely on: 2, and one sentence, for whatever was not done."""

from typing import Any, NoReturn

from django.core.management.base import CommandError, CommandParser, SystemCheckError
from django.db import DatabaseError
from django_rich.management import RichCommand

from wallets.chain.errors import ChainError
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

REFUSED = 2


class BadInput(Exception):
    """One sentence about what was typed; nothing was changed."""


class OneSentenceParser(CommandParser):
    """Says what is wrong in a line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        """End with the line and the code."""
        line = f"{self.prog}: {message}; {self.prog} --help says what it takes"
        if self.called_from_command_line:
            self.exit(REFUSED, f"{line}\n")
        raise CommandError(line, returncode=REFUSED)


class ScriptedCommand(RichCommand):
    """Exit code 0: done; 2: not done. What 1 means is for each command to say."""

    def add_verbs(self, parser: CommandParser) -> Any:
        """What verbs are added to; one of them must be given."""
        parser.__class__ = OneSentenceParser
        return parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def check(self, *args: Any, **kwargs: Any) -> None:
        """A start that is refused is no answer either."""
        try:
            super().check(*args, **kwargs)
        except SystemCheckError as error:
            raise CommandError(str(error), returncode=REFUSED) from error

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it, or say in a sentence why not."""
        try:
            self.do(options)
        except (BadInput, NotPossible, LostRace, ChainError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        except DatabaseError as error:
            kind = type(error).__name__
            sentence = f"the database does not answer, or lacks a migration ({kind})"
            raise CommandError(sentence, returncode=REFUSED) from error

    def do(self, options: dict[str, Any]) -> None:
        """What the command is for."""
        raise NotImplementedError
