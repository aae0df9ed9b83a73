"""Tokens at the command line."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_rich.management import RichCommand

from airdrops_site.answers import BadInput
from airdrops_site.tokens_command import verbs
from protocols.services import DeploymentError
from wallets.chain.errors import ChainError
from wallets.token_register import TokenRefused

VERBS = {"list": verbs.show, "import": verbs.import_list, "add": verbs.add}


class Command(RichCommand):
    """`tokens import` exits with 1 when something was refused; bad input with 2."""

    help = "Takes in tokens, from published lists or by address, after asking their contracts."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        found = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        shown = found.add_parser("list", help="those that are known")
        taken = found.add_parser("import", help="those of a published token list")
        taken.add_argument("file", help="the list, a JSON file")
        taken.add_argument("--dry-run", action="store_true", help="ask the chain, write nothing")
        added = found.add_parser("add", help="one by its address")
        added.add_argument("network_slug", metavar="network", help="its slug")
        added.add_argument("address")
        added.add_argument("--permit", action="store_true", help="let adapters use it")
        added.add_argument("--source", default="", help="where the address is published")
        for verb in (shown, taken):
            verb.add_argument("--network", default="", help="only this one, by its slug")
        for verb in (shown, taken, added):
            verb.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it and print the answer."""
        try:
            answer = VERBS[options["verb"]](options)
        except (BadInput, TokenRefused, DeploymentError, ChainError) as error:
            raise CommandError(str(error), returncode=2) from error
        answer.print(self.stdout, self.console, as_json=options["json"])
        if options["verb"] == "import" and answer.facts["refused"]:
            raise SystemExit(1)
