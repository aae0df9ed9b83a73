"""From a restored backup to an installation that signs again."""

from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput
from airdrops_site.models import Restore
from airdrops_site.people import shell_actor
from airdrops_site.restoring.asking import ask_chain
from airdrops_site.restoring.beginning import current
from airdrops_site.restoring.resuming import resume
from airdrops_site.resume_command.showing import nothing, show
from airdrops_site.scripted import OneSentenceParser, ScriptedCommand
from airdrops_site.tx.known import a_reason


class Command(ScriptedCommand):
    """Exit code 0: shown, asked or resumed; 1: asked, and something is open; 2: refused."""

    help = "After a restore: show what was found, ask the chain (--check), resume (--confirm)."

    def add_arguments(self, parser: CommandParser) -> None:
        """One of three things to do, and how."""
        parser.__class__ = OneSentenceParser
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--show", action="store_true", help="what was found (the default)")
        what.add_argument("--check", action="store_true", help="ask the chain, change no pause")
        what.add_argument(
            "--confirm", action="store_true", help="ask the chain, then let it sign again"
        )
        parser.add_argument(
            "--without",
            action="append",
            default=[],
            metavar="NETWORK",
            help="with --confirm: leave the lanes of this network paused",
        )
        parser.add_argument("--reason", type=a_reason, default=None, help="for the history")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def do(self, options: dict[str, Any]) -> None:
        """What was asked for."""
        if options["without"] and not options["confirm"]:
            raise BadInput("--without NETWORK belongs to --confirm")
        restore = current()
        answer, code = self._act(restore, options) if restore else self._without(options)
        answer.print(self.stdout, self.console, as_json=options["json"])
        if code:
            raise SystemExit(code)

    def _without(self, options: dict[str, Any]) -> tuple[Answer, int]:
        if options["confirm"] or options["check"]:
            raise BadInput("there is no restore to resume: restore_state makes one")
        return nothing(), 0

    def _act(self, restore: Restore, options: dict[str, Any]) -> tuple[Answer, int]:
        by = shell_actor()
        if options["confirm"]:
            reason = options["reason"] or "the chain was asked, nothing is open"
            resume(restore, without=options["without"], by=by, reason=reason)
            return show(restore, "resumed: it signs again"), 0
        if options["check"]:
            self.stderr.write("asking every network that has lanes; nothing is signed or sent")
            answer = show(ask_chain(restore, by=by), "asked")
            return answer, int(bool(answer.facts["open"]))
        return show(restore), 0
