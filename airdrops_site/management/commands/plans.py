"""Batches of transfers at the command line."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.people import add_person
from airdrops_site.plans_command import verbs
from airdrops_site.scripted import ScriptedCommand
from airdrops_site.tx.known import a_limit, a_number, a_reason
from scheduling.plan_states import PlanState
from wallets.models import Transaction

VERBS = {
    "list": (verbs.show_all, "all, the newest first"),
    "show": (verbs.show_one, "one in words: every line with its checks, totals, fees, progress"),
    "transfer": (verbs.transfer, "make one of a single payment"),
    "import": (verbs.from_file, "make one of a file: wallet,network,token,amount,to,purpose"),
    "sweep": (verbs.sweep, "make one that brings together what wallets hold"),
    "approve": (verbs.approve, "consent to it, above the limits for what somebody else made"),
    "run": (verbs.run, "have the workers carry out an approved one"),
    "retry": (verbs.retry, "once more the lines that definitely did not happen"),
    "cancel": (verbs.cancel, "start nothing more, take back what is not signed"),
}
_MAKING = ("transfer", "import", "sweep")
_OF_ONE = ("show", "approve", "run", "retry", "cancel")


class Command(ScriptedCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Make, review, approve, run and cancel batches of transfers."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, (_, text) in VERBS.items():
            one = found.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            _ARGUMENTS.get(name, _nothing)(one)
            if name in _OF_ONE:
                one.add_argument("plan", type=a_number, help="its number")
            if name in _MAKING:
                add_making(one)
            if name not in ("list", "show"):
                add_person(one)

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        answer = VERBS[options["verb"]][0](options)
        answer.print(self.stdout, self.console, as_json=options["json"])


def add_making(parser: CommandParser) -> None:
    """What every plan that is made has."""
    parser.add_argument("--title", default="", help="what it is called")
    parser.add_argument("--urgency", choices=Transaction.Urgency.values, default="normal")
    parser.add_argument("--dry-run", action="store_true", help="only say what the lines would be")


def _nothing(_parser: CommandParser) -> None:
    """No arguments of its own."""


def _of_list(parser: CommandParser) -> None:
    parser.add_argument("--state", choices=PlanState.values, default="")
    parser.add_argument("--limit", type=a_limit, default=50)


def _of_transfer(parser: CommandParser) -> None:
    for name in ("wallet", "network", "token", "amount"):
        parser.add_argument(name, help=_HELP[name])
    parser.add_argument("--to", required=True, help="a wallet, an address book entry, an address")
    parser.add_argument("--purpose", required=True, help="what it is for")


def _of_import(parser: CommandParser) -> None:
    parser.add_argument("file", help="a CSV file")


def _of_sweep(parser: CommandParser) -> None:
    parser.add_argument("labels", nargs="*", help="wallets, by their labels")
    parser.add_argument("--tag", default="", help="and those of this tag")
    parser.add_argument("--to", required=True, help="a wallet, an address book entry, an address")
    parser.add_argument("--network", default="", help="only there, by its slug")
    parser.add_argument("--token", default="", help="only this one; native for the coin")
    parser.add_argument("--purpose", default="sweep", help="what it is for")


def _of_cancel(parser: CommandParser) -> None:
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


_HELP = {
    "wallet": "who pays, by its label",
    "network": "its slug",
    "token": "its symbol or address; native for the coin",
    "amount": "as a person writes it, like 1.5",
}
_ARGUMENTS = {
    "list": _of_list,
    "transfer": _of_transfer,
    "import": _of_import,
    "sweep": _of_sweep,
    "cancel": _of_cancel,
}
