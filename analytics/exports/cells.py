"""Cells that a spreadsheet takes for what they are: text for text, numbers for numbers."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from analytics.basis.money import dollars
from wallets.amounts import to_decimal
from wallets.prices import plain

# What makes a spreadsheet run a text as a formula; see OWASP, "CSV Injection".
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
type Cell = str | int | Decimal | datetime | None
LINES = 500


def harmless(text: str) -> str:
    """The text with an apostrophe before it where it would be run as a formula."""
    runs = text.startswith(FORMULAS) or text.lstrip().startswith(FORMULAS)
    return f"'{text}" if runs else text


def shown(cell: Cell) -> str:
    """As it is written: numbers with every digit, times in UTC, nothing for what is unknown."""
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case Decimal():
            return plain(cell)
        case int():
            return str(cell)
    return harmless(cell)


def amount_of(units: int, decimals: int) -> Decimal:
    """Whole tokens, exactly."""
    return to_decimal(units, decimals)


def worth_of(attos: int | None) -> Decimal | None:
    """US dollars, exactly."""
    return None if attos is None else dollars(attos)


def csv_of(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A CSV file in parts of some hundred lines."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow([shown(cell) for cell in row])
        if number % LINES == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
