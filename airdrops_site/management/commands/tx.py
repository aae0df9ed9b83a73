"""Transactions and lanes at the command line."""

import json
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import print_parts
from airdrops_site.scripted import ScriptedCommand
from airdrops_site.tx import show, verbs
from airdrops_site.tx.known import a_limit, a_number, a_reason
from wallets.transactions.states import Outcome, TransactionState

_OF_TRANSACTION = {
    "cancel": "end it, or put a cancel at its nonce",
    "speed-up": "offer more for its gas at the same nonce",
    "resend": "send the stored bytes once more",
    "void": "close one that needs an operator: its nonce was used elsewhere",
}
_OF_LANE = {"pause": "sign nothing more in a lane", "resume": "sign in it again"}
_WITH_REASON = ("cancel", "void", "pause", "adopt")
_HELP = """\
List, show, cancel, speed up, resend, adopt transactions; pause, resume and reconcile lanes.
Exit code 0: done; for pending: there are none; for reconcile: all lanes agree with their chains.
1: pending found some; reconcile found a lane that differs, or a chain that does not answer.
2: not done, and one sentence why: bad input, or not possible. Nothing was changed."""


class Command(ScriptedCommand):
    """`tx pending` and `tx reconcile` exit with 1 when there is something; bad input with 2."""

    help = _HELP

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for name, text in (("list", "all"), ("pending", "those in no block; exit 1 if any")):
            _add_filters(found.add_parser(name, help=text, description=_HELP), name)
        _add_id(found.add_parser("show", help="one, with attempts, answers and history"))
        for name, text in _OF_TRANSACTION.items():
            _add_id(_add_reason(found.add_parser(name, help=text), name))
        for name, text in _OF_LANE.items():
            _add_lane(_add_reason(found.add_parser(name, help=text), name))
        adopt = found.add_parser("adopt", help="take in a mined one made elsewhere with our key")
        _add_lane(_add_reason(adopt, "adopt")).add_argument("hash")
        reconcile = found.add_parser("reconcile", help="lanes beside their chains; exit 1 if apart")
        for option in ("--wallet", "--network"):
            reconcile.add_argument(option, default="", help="only this one")

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        match options["verb"]:
            case "list" | "pending":
                self._list(options["verb"], options)
            case "show":
                facts = show.in_full(verbs.transaction(options))
                self._print(facts, show.as_tables(facts), options)
            case "reconcile":
                self._reconcile(options)
            case verb:
                sentence = verbs.ask(verb, options)
                self._print({"done": sentence}, [sentence], options)

    def _list(self, verb: str, options: dict[str, Any]) -> None:
        found = verbs.find({**options, "pending": verb == "pending"})
        rows = show.as_rows(found[: options["limit"]])
        self._print(rows, [show.as_table(rows, f"{verb}: {found.count()}")], options)
        if verb == "pending" and found.exists():
            raise SystemExit(1)

    def _reconcile(self, options: dict[str, Any]) -> None:
        reports = verbs.reconcile(options)
        lines = [show.beside_its_chain(one) for one in reports] or ["no lane has begun there"]
        self._print(reports, lines, options)
        if any(one["problems"] for one in reports):
            raise SystemExit(1)

    def _print(self, value: Any, shown: list[Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(value, indent=2))
            return
        print_parts(self.console, shown)


def _add_filters(parser: CommandParser, name: str) -> None:
    if name == "list":
        parser.add_argument("--state", choices=TransactionState.values, default="")
        told = "only what did this in its block"
        parser.add_argument("--outcome", choices=Outcome.values, default="", help=told)
    else:
        parser.set_defaults(state="", outcome="")
    for option in ("--wallet", "--network", "--protocol"):
        parser.add_argument(option, default="", help="only this one")
    parser.add_argument("--stuck", action="store_true", help="only those overdue for a block")
    parser.add_argument("--limit", type=a_limit, default=50, help="show so many; changes no code")


def _add_id(parser: CommandParser) -> None:
    parser.add_argument("id", type=a_number, help="its number, as list shows it")


def _add_reason(parser: CommandParser, name: str) -> CommandParser:
    needed = name in _WITH_REASON
    parser.add_argument("--reason", type=a_reason, required=needed, help="for the history")
    return parser


def _add_lane(parser: CommandParser) -> CommandParser:
    parser.add_argument("wallet", help="its label")
    parser.add_argument("network", help="its slug")
    return parser
