"""Wallets at the command line."""

import json
from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_rich.management import RichCommand

from airdrops_site.answers import BadInput, print_parts
from airdrops_site.wallets_cli import adding, balances, checking, keys, moving, showing
from wallets.addresses import AddressError
from wallets.chain.errors import ChainError
from wallets.signers.interface import SignerError
from wallets.signers.loading import become_signing_process
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

REFUSALS = (
    BadInput,
    AddressError,
    SignerError,
    ChainError,
    NotPossible,
    LostRace,
)
VERBS = {
    verb.name: verb
    for part in (adding, keys, checking, showing, balances, moving)
    for verb in part.VERBS
}


class Command(RichCommand):
    """What cannot be done is one sentence and exit code 2; nothing was written then."""

    help = "Add, verify, show, fund, drain and retire wallets; make and take in keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for verb in VERBS.values():
            under = found.add_parser(verb.name, help=verb.help)
            under.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            verb.arguments(under)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it in a process that may use keys: the shell's user must be able to read them."""
        become_signing_process()
        try:
            said = VERBS[options["verb"]].run(options)
        except REFUSALS as error:
            raise CommandError(str(error), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps(said.value, indent=2))
        else:
            print_parts(self.console, said.lines)
        if said.code:
            raise SystemExit(said.code)
