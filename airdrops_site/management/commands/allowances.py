"""What spenders may take of our tokens, at the command line."""

import json
from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from airdrops_site.allowances import verbs
from airdrops_site.allowances.lines import Line
from airdrops_site.allowances.scope import FILTERS
from airdrops_site.scripted import BadInput, ScriptedCommand
from wallets.addresses import AddressError

_VERBS = {
    "list": "those that are known to stand, and those that are not known",
    "status": "what the last scan of each network asked; exit 1 if not everything was answered",
    "scan": "ask the chain about all wallets, tokens and known spenders; exit 1 as for status",
    "check": "ask the chain about what is named; exit 1 if any stands or is not answered",
    "revoke": "ask the chain, and take back what stands; exit 1 if any cannot be",
}
_COLUMNS = (
    *("wallet", "network", "token", "spender", "through", "amount", "block", "age"),
    *("transaction", "problem"),
)
_SCANS = ("network", "block", "age", "asked", "found", "unknown", "never_asked", "problem")


class Command(ScriptedCommand):
    """Exit code 1: something stands, is not known, or was not taken back; bad input is 2."""

    help = "List, scan, check and revoke what spenders may take of our wallets' tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for verb, text in _VERBS.items():
            one = found.add_parser(verb, help=text)
            one.add_argument("--json", action="store_true", default=SUPPRESS, help="print JSON")
            _add_filters(one, verb)

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        verb = options["verb"]
        try:
            lines = self._do(verb, options)
        except AddressError as error:
            raise BadInput(str(error)) from error
        self._print(lines, options)
        problems = any(line["problem"] for line in lines)
        if (problems and verb != "list") or (verb == "check" and lines):
            raise SystemExit(1)

    def _do(self, verb: str, options: dict[str, Any]) -> list[Line]:
        match verb:
            case "check":
                return verbs.checked(options)
            case "revoke":
                return verbs.revoked(options)
            case "scan":
                return verbs.scanned(options)
            case "status":
                return verbs.status(options)
        return verbs.listed(options)

    def _print(self, lines: list[Line], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(lines, indent=2))
            return
        columns = _SCANS if options["verb"] in ("scan", "status") else _COLUMNS
        table = Table(title=f"{options['verb']}: {len(lines)}")
        for name in columns:
            table.add_column(name.replace("_", " "), overflow="fold")
        for line in lines:
            table.add_row(*(_cell(line.get(name)) for name in columns))
        self.console.print(table, markup=False, highlight=False)


def _cell(value: Any) -> str:
    return "" if value is None or value == "" else str(value)


def _add_filters(parser: CommandParser, verb: str) -> None:
    if verb in ("scan", "status"):
        parser.add_argument("--network", default="", help="only this one, by its slug")
        if verb == "scan":
            text = "ask about this contract too, registered or not; may be repeated"
            parser.add_argument("--spender", action="append", default=[], help=text)
        return
    for name in FILTERS:
        parser.add_argument(f"--{name}", default="", help="only this one")
    if verb == "list":
        parser.add_argument("--unlimited", action="store_true", help="only the unlimited")
        parser.add_argument("--unknown", action="store_true", help="only those not known")
    if verb != "check":
        parser.add_argument("--all", action="store_true", help=_all(verb))
    if verb == "revoke":
        parser.add_argument("--dry-run", action="store_true", help="only say what would be")
        parser.add_argument("--reason", default="", help="for the history")


def _all(verb: str) -> str:
    return "also those that are zero" if verb == "list" else "every one there is"
