"""Commands whose exit codes scripts rely on: 2, and one sentence, for whatever was not done."""

from argparse import SUPPRESS
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from django.core.management.base import CommandError, CommandParser, SystemCheckError
from django.db import DatabaseError
from django_rich.management import RichCommand

from airdrops_site.answers import Answer, BadInput
from wallets.chain.errors import ChainError
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

REFUSED = 2


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
            raise CommandError(of_database(error), returncode=REFUSED) from error

    def do(self, options: dict[str, Any]) -> None:
        """What the command is for."""
        raise NotImplementedError


# As SQLite says it, and as PostgreSQL passes on what its system says (53100).
_FULL = ("disk is full", "No space left on device")


def of_database(error: DatabaseError) -> str:
    """A sentence; what the database itself says may hold values, and is not repeated."""
    if any(words in str(error) for words in _FULL):
        return (
            "the disk of the database is full, and nothing was written: make room there, then ask "
            "again; meanwhile the stop file stops workers (docs/emergency.md)"
        )
    return f"the database does not answer, or lacks a migration ({type(error).__name__})"


type Options = dict[str, Any]


def no_arguments(_parser: CommandParser) -> None:
    """A verb that takes none of its own."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What may be asked of a command: an Answer, with an exit code where that may be 1."""

    ask: Callable[[Options], Answer | tuple[Answer, int]]
    help: str
    arguments: Callable[[CommandParser], None] = no_arguments


class VerbsCommand(ScriptedCommand):
    """A command of several verbs, each with arguments of its own and with `--json`."""

    verbs: ClassVar[Mapping[str, Verb]]
    # Raised by services on this command's subject, as one sentence about what was typed.
    refusals: ClassVar[tuple[type[Exception], ...]] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, verb in self.verbs.items():
            one = found.add_parser(name, help=verb.help)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            verb.arguments(one)

    def do(self, options: Options) -> None:
        """What the verb says."""
        try:
            said = self.verbs[options["verb"]].ask(options)
        except self.refusals as error:
            raise BadInput(str(error)) from error
        answer, code = said if isinstance(said, tuple) else (said, 0)
        answer.print(self.stdout, self.console, as_json=options["json"])
        if code:
            raise SystemExit(code)
