"""The ledger as Parquet, written in groups of rows."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import BinaryIO

from analytics.exports.cells import Cell
from analytics.exports.ledger_rows import COLUMNS, plain_text, rows
from analytics.exports.parquet_file import Kind, ParquetFile
from analytics.exports.wanted import Wanted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Small, since a group is in memory as rows, as columns, and as it is written.
GROUP = 2_000
_KINDS = {"time": Kind.TIME, "block": Kind.NUMBER, "entry": Kind.NUMBER}


def write(
    wanted: Wanted,
    file: BinaryIO,
    progress: Callable[[int], None] = lambda _rows: None,
    *,
    group: int = GROUP,
) -> int:
    """Into an open file; amounts and dollars as text, since no column type holds a uint256."""
    kinds = {name: _KINDS.get(name, Kind.TEXT) for name in COLUMNS}
    target, written = ParquetFile(file, kinds), 0
    for some in batched(rows(wanted), group):
        turned = zip(*some, strict=True)
        target.add([_cells(*one) for one in zip(kinds.values(), turned, strict=True)])
        written += len(some)
        progress(written)
    target.finish()
    return written


def _cells(kind: Kind, cells: Sequence[Cell]) -> list[str | int | None]:
    return [_text(cell) if kind is Kind.TEXT else _number(cell) for cell in cells]


def _text(cell: Cell) -> str | None:
    if isinstance(cell, int | Decimal):
        return plain_text(cell)
    return None if isinstance(cell, datetime) else cell


def _number(cell: Cell) -> int | None:
    """Of a time the microseconds since 1970."""
    if isinstance(cell, datetime):
        return (cell - EPOCH) // timedelta(microseconds=1)
    return cell if isinstance(cell, int) else None
