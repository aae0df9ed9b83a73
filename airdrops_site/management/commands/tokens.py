"""Tokens at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tokens_command import verbs
from protocols.services import DeploymentError
from wallets.token_register import TokenRefused


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--network", default="", help="only this one, by its slug")


def _of_import(parser: CommandParser) -> None:
    parser.add_argument("file", help="the list, a JSON file")
    parser.add_argument("--dry-run", action="store_true", help="ask the chain, write nothing")
    _of_list(parser)


def _of_add(parser: CommandParser) -> None:
    parser.add_argument("network_slug", metavar="network", help="its slug")
    parser.add_argument("address")
    parser.add_argument("--permit", action="store_true", help="let adapters use it")
    parser.add_argument("--source", default="", help="where the address is published")


class Command(VerbsCommand):
    """`tokens import` exits with 1 when something was refused; bad input with 2."""

    help = "Takes in tokens, from published lists or by address, after asking their contracts."
    refusals = (TokenRefused, DeploymentError)
    verbs = {
        "list": Verb(verbs.show, "those that are known", _of_list),
        "import": Verb(verbs.import_list, "those of a published token list", _of_import),
        "add": Verb(verbs.add, "one by its address", _of_add),
    }
