"""Batches of transfers at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.people import add_person
from airdrops_site.plans_command import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_limit, a_number, a_reason
from scheduling.plan_states import PlanState
from wallets.models import Transaction

_HELP = {
    "wallet": "who pays, by its label",
    "network": "its slug",
    "token": "its symbol or address; native for the coin",
    "amount": "as a person writes it, like 1.5",
}


def add_making(parser: CommandParser) -> None:
    """What every plan that is made has."""
    parser.add_argument("--title", default="", help="what it is called")
    parser.add_argument("--urgency", choices=Transaction.Urgency.values, default="normal")
    parser.add_argument("--dry-run", action="store_true", help="only say what the lines would be")


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--state", choices=PlanState.values, default="")
    parser.add_argument("--limit", type=a_limit, default=50)


def _of_transfer(parser: CommandParser) -> None:
    for name in ("wallet", "network", "token", "amount"):
        parser.add_argument(name, help=_HELP[name])
    parser.add_argument("--to", required=True, help="a wallet, an address book entry, an address")
    parser.add_argument("--purpose", required=True, help="what it is for")
    _making(parser)


def _of_import(parser: CommandParser) -> None:
    parser.add_argument("file", help="a CSV file")
    _making(parser)


def _of_sweep(parser: CommandParser) -> None:
    parser.add_argument("labels", nargs="*", help="wallets, by their labels")
    parser.add_argument("--tag", default="", help="and those of this tag")
    parser.add_argument("--to", required=True, help="a wallet, an address book entry, an address")
    parser.add_argument("--network", default="", help="only there, by its slug")
    parser.add_argument("--token", default="", help="only this one; native for the coin")
    parser.add_argument("--purpose", default="sweep", help="what it is for")
    _making(parser)


def _making(parser: CommandParser) -> None:
    add_making(parser)
    add_person(parser)


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("plan", type=a_number, help="its number")


def _of_doing(parser: CommandParser) -> None:
    _of_one(parser)
    add_person(parser)


def _of_cancel(parser: CommandParser) -> None:
    _of_doing(parser)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Make, review, approve, run and cancel batches of transfers."
    verbs = {
        "list": Verb(verbs.show_all, "all, the newest first", _of_list),
        "show": Verb(
            verbs.show_one,
            "one in words: every line with its checks, totals, fees, progress",
            _of_one,
        ),
        "transfer": Verb(verbs.transfer, "make one of a single payment", _of_transfer),
        "import": Verb(
            verbs.from_file,
            "make one of a file: wallet,network,token,amount,to,purpose",
            _of_import,
        ),
        "sweep": Verb(verbs.sweep, "make one that brings together what wallets hold", _of_sweep),
        "approve": Verb(
            verbs.approve, "consent to it, above the limits for what somebody else made", _of_doing
        ),
        "run": Verb(verbs.run, "have the workers carry out an approved one", _of_doing),
        "retry": Verb(verbs.retry, "once more the lines that definitely did not happen", _of_doing),
        "cancel": Verb(
            verbs.cancel, "start nothing more, take back what is not signed", _of_cancel
        ),
    }
