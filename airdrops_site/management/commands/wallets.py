"""Wallets at the command line."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_rich.management import RichCommand

from airdrops_site.answers import BadInput
from airdrops_site.wallets_command import balances
from wallets.chain.errors import ChainError

VERBS = {"balances": balances}


class Command(RichCommand):
    """What cannot be done is one sentence and exit code 2."""

    help = "Shows what wallets hold."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        found = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, module in VERBS.items():
            verb = found.add_parser(name, help=module.HELP)
            verb.add_argument("--json", action="store_true", help="print JSON")
            module.add_arguments(verb)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it and print the answer."""
        try:
            answer = VERBS[options["verb"]].run(options)
        except (BadInput, ChainError) as error:
            raise CommandError(str(error), returncode=2) from error
        answer.print(self.stdout, self.console, as_json=options["json"])
