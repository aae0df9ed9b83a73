"""What spenders may take of our tokens, at the command line."""

import json
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from airdrops_site.allowances import verbs
from airdrops_site.allowances.scope import FILTERS
from airdrops_site.scripted import ScriptedCommand

_VERBS = {
    "list": "those that are known to stand",
    "check": "ask the chain; exit 1 if any stands",
    "revoke": "ask the chain, and take back what stands; exit 1 if any cannot be",
}
_COLUMNS = ("wallet", "network", "token", "spender", "amount", "block", "transaction", "problem")


class Command(ScriptedCommand):
    """`allowances check` exits with 1 when one stands; bad input with 2."""

    help = "List, check and revoke what spenders may take of our wallets' tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and what it is about."""
        parser.add_argument("--json", action="store_true", help="print JSON")
        found = self.add_verbs(parser)
        for verb, text in _VERBS.items():
            one = found.add_parser(verb, help=text)
            for name in FILTERS:
                one.add_argument(f"--{name}", default="", help="only this one")
            if verb != "check":
                one.add_argument("--all", action="store_true", help=_all(verb))
            if verb == "revoke":
                one.add_argument("--dry-run", action="store_true", help="only say what would be")

    def do(self, options: dict[str, Any]) -> None:
        """What the verb says."""
        lines = self._do(options["verb"], options)
        self._print(lines, options)
        problems = any(line["problem"] for line in lines)
        if problems or (options["verb"] == "check" and lines):
            raise SystemExit(1)

    def _do(self, verb: str, options: dict[str, Any]) -> list[verbs.Line]:
        match verb:
            case "check":
                return verbs.checked(options)
            case "revoke":
                return verbs.revoked(options)
        return verbs.listed(options)

    def _print(self, lines: list[verbs.Line], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(lines, indent=2))
            return
        table = Table(title=f"{options['verb']}: {len(lines)}")
        for name in _COLUMNS:
            table.add_column(name, overflow="fold")
        for line in lines:
            table.add_row(*(str(line.get(name) or "") for name in _COLUMNS))
        self.console.print(table, markup=False, highlight=False)


def _all(verb: str) -> str:
    return "also those that are zero" if verb == "list" else "every one there is"
