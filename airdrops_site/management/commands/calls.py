"""Calls that two persons stand behind, at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.calls_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_reason


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--all", action="store_true", help="ended ones too")


def _of_propose(parser: CommandParser) -> None:
    parser.add_argument("network", help="its slug")
    parser.add_argument("address", help="a contract registered as contract-name")
    parser.add_argument("function", help="name(type,type), or @file with its ABI fragment")
    parser.add_argument("arguments", nargs="?", default="[]", help="a JSON list")
    parser.add_argument("--value", type=int, default=0, help="native coin with it, in wei")
    parser.add_argument("--hours", type=int, default=24, help="how long it may be made; 24")
    parser.add_argument("--wallet", default="", help="only this one may make it; any without")
    parser.add_argument("--uses", type=int, help="how often it is signed at most; any without")
    parser.add_argument("--note", required=True, help="what it does, and who said so")
    parser.add_argument("--dry-run", action="store_true", help="only say what it would be")
    add_person(parser, required=False)


def _of_approve(parser: CommandParser) -> None:
    parser.add_argument("call", type=int)
    parser.add_argument("--digest", required=True, help="as `calls list --json` shows it")
    add_person(parser)


def _of_revoke(parser: CommandParser) -> None:
    parser.add_argument("call", type=int)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    add_person(parser)


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused."""

    help = "Calls of registered contracts: proposed by one person, approved by another."
    verbs = {
        "list": Verb(
            verbs.listed, "what is proposed and approved, with the bytes in --json", _of_list
        ),
        "propose": Verb(
            verbs.propose,
            "propose a call of a registered contract; nothing may make it yet",
            _of_propose,
        ),
        "approve": Verb(
            verbs.approve, "stand behind the very bytes that somebody else proposed", _of_approve
        ),
        "revoke": Verb(verbs.revoke, "let nothing make the call any more", _of_revoke),
    }
