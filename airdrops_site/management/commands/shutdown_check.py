"""Whether the workers may be stopped now, for scripts."""

import time
from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from airdrops_site.answers import Answer
from airdrops_site.scripted import ScriptedCommand
from scheduling.shutdown import Readiness, readiness

_LOOK_EVERY = 0.5


class Command(ScriptedCommand):
    """Exit code 0: safe to stop or to kill; 1: not yet; 2: nobody can tell."""

    help = "Says whether the workers may be stopped now; exit 0 safe, 1 not yet, 2 cannot tell."

    def add_arguments(self, parser: CommandParser) -> None:
        """How long to wait for it."""
        parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def do(self, options: dict[str, Any]) -> None:
        """Look until it is safe, or the time is over."""
        deadline = time.monotonic() + options["wait"]
        found = readiness()
        while found.code and time.monotonic() < deadline:
            connection.close()
            time.sleep(_LOOK_EVERY)
            found = readiness()
        _answer(found).print(self.stdout, self.console, as_json=options["json"])
        if found.code:
            raise SystemExit(found.code)


def _answer(found: Readiness) -> Answer:
    words = {0: "safe to stop", 1: "not yet", 2: "cannot tell"}
    facts = {
        "answer": words[found.code],
        "reasons": list(found.reasons),
        "doubts": list(found.doubts),
        "pending": found.pending.as_facts(),
    }
    lines = (words[found.code], *found.doubts, *found.reasons, str(found.pending))
    return Answer(facts, lines)
