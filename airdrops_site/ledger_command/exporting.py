"""`ledger export`: the ledger for other programs."""

import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput
from airdrops_site.ledger_command import asked
from analytics.exports.formats import FORMATS, write, write_file
from analytics.exports.wanted import Wanted

STDOUT = "-"


def of_export(parser: CommandParser) -> None:
    """The options of `ledger export`."""
    parser.add_argument("--format", choices=tuple(FORMATS), default="csv")
    parser.add_argument("--output", default=STDOUT, help="a file, or - for standard output")
    asked.add_method(parser)
    asked.add_days(parser)
    asked.add_wallets(parser)


def export(options: dict[str, Any]) -> Answer:
    """All of it or nothing, where it is a file."""
    start, end = asked.days(options)
    chosen = asked.wallets(options) or []
    keys = tuple(one.pk for one in chosen)
    wanted = Wanted(start, end, keys, options["method"])
    if options["output"] == STDOUT and (options["json"] or not FORMATS[options["format"]].stream):
        raise BadInput("that needs a file: write --output FILE")
    try:
        return _to(options["output"], options["format"], wanted)
    except OSError as error:
        raise BadInput(f"{options['output']} cannot be written: {error.strerror}") from error


def _to(output: str, name: str, wanted: Wanted) -> Answer:
    if output == STDOUT:
        sys.stdout.flush()
        write(name, wanted, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return Answer(None, ())
    size = write_file(name, wanted, Path(output), _progress())
    facts = {"file": output, "format": name, "bytes": size}
    return Answer(facts, (f"{output} was written: {size:,} bytes.",))


def _progress() -> Any:
    said = time.monotonic()

    def tell(size: int) -> None:
        nonlocal said
        if time.monotonic() - said > 2:
            said = time.monotonic()
            sys.stderr.write(f"{size:,} bytes written\n")

    return tell
