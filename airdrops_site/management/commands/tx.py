"""Transactions and lanes at the command line."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_rich.management import RichCommand

from airdrops_site.tx import show, verbs
from wallets.chain.errors import ChainError
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import TransactionState
from wallets.transitions import LostRace

_OF_TRANSACTION = {
    "cancel": "end it, or put a cancel at its nonce",
    "speed-up": "offer more for its gas at the same nonce",
    "resend": "send the stored bytes once more",
    "void": "close one that needs an operator: its nonce was used elsewhere",
}
_OF_LANE = {"pause": "sign nothing more in a lane", "resume": "sign in it again"}
_WITH_REASON = ("cancel", "void", "pause", "adopt")


class Command(RichCommand):
    """`tx pending` and `tx reconcile` exit with 1 when there is something; bad input with 2."""

    help = "List, show, cancel, speed up, resend, adopt transactions; pause and resume lanes."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, text in (("list", "all"), ("pending", "those in no block; exit 1 if any")):
            _add_filters(found.add_parser(name, help=text), name)
        found.add_parser("show", help="one, with attempts and history").add_argument("id", type=int)
        for name, text in _OF_TRANSACTION.items():
            _add_reason(found.add_parser(name, help=text), name).add_argument("id", type=int)
        for name, text in _OF_LANE.items():
            _add_lane(_add_reason(found.add_parser(name, help=text), name))
        adopt = found.add_parser("adopt", help="take in a mined one made elsewhere with our key")
        _add_lane(_add_reason(adopt, "adopt")).add_argument("hash")
        reconcile = found.add_parser("reconcile", help="lanes beside their chains; exit 1 if apart")
        reconcile.add_argument("--wallet", default="")
        reconcile.add_argument("--network", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it; what cannot be done is one sentence and exit code 2."""
        try:
            self._do(options["verb"], options)
        except (verbs.BadInput, NotPossible, LostRace, ChainError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _do(self, verb: str, options: dict[str, Any]) -> None:
        match verb:
            case "list" | "pending":
                self._list(verb, options)
            case "show":
                facts = show.in_full(verbs.transaction(options))
                self._print(facts, show.as_tables(facts), options)
            case "reconcile":
                self._reconcile(options)
            case _:
                sentence = verbs.ask(verb, options)
                self._print({"done": sentence}, [sentence], options)

    def _list(self, verb: str, options: dict[str, Any]) -> None:
        found = verbs.find({**options, "pending": verb == "pending"})
        rows = show.as_rows(found[: options["limit"]])
        self._print(rows, [show.as_table(rows, f"{verb}: {found.count()}")], options)
        if verb == "pending" and rows:
            raise SystemExit(1)

    def _reconcile(self, options: dict[str, Any]) -> None:
        reports = verbs.reconcile(options)
        lines = [
            f"{one['lane']}: chain {one['mined']}, ours {one['following']}; "
            + ("; ".join(one["problems"]) or "they agree")
            for one in reports
        ]
        self._print(reports, lines, options)
        if any(one["problems"] for one in reports):
            raise SystemExit(1)

    def _print(self, value: Any, shown: list[Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(value, indent=2))
            return
        for part in shown:
            self.console.print(part, markup=False, highlight=False)


def _add_filters(parser: CommandParser, name: str) -> None:
    if name == "list":
        parser.add_argument("--state", choices=TransactionState.values, default="")
    else:
        parser.set_defaults(state="")
    for option in ("--wallet", "--network", "--protocol"):
        parser.add_argument(option, default="", help="only this one")
    parser.add_argument("--stuck", action="store_true", help="only those overdue for a block")
    parser.add_argument("--limit", type=int, default=50)


def _add_reason(parser: CommandParser, name: str) -> CommandParser:
    needed = name in _WITH_REASON
    parser.add_argument("--reason", required=needed, default="", help="for the history")
    return parser


def _add_lane(parser: CommandParser) -> CommandParser:
    parser.add_argument("wallet", help="its label")
    parser.add_argument("network", help="its slug")
    return parser
