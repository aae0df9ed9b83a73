"""The ledger as Parquet, written in groups of rows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import Any, BinaryIO

from analytics.exports.cells import Cell
from analytics.exports.ledger_rows import COLUMNS, plain_text, rows
from analytics.exports.wanted import Wanted

GROUP = 5_000


class MissingLibrary(Exception):
    """What writes it is not installed; the message says what to do."""


def write(wanted: Wanted, file: BinaryIO, progress: Any = lambda _rows: None) -> int:
    """Into an open file; amounts and dollars as text, since no column type holds a uint256."""
    arrow, parquet = _library()
    schema = arrow.schema([(name, _type(arrow, name)) for name in COLUMNS])
    written = 0
    with parquet.ParquetWriter(file, schema) as writer:
        for group in batched(rows(wanted), GROUP):
            columns = _columns(group)
            writer.write_table(arrow.table(columns, schema=schema))
            written += len(group)
            progress(written)
    return written


def _library() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingLibrary(
            "Parquet needs pyarrow: install the extra `analysis` (uv sync --extra analysis)"
        ) from error
    return pyarrow, pyarrow.parquet


def _type(arrow: Any, name: str) -> Any:
    match name:
        case "time":
            return arrow.timestamp("us", tz="UTC")
        case "block" | "entry":
            return arrow.int64()
        case _:
            return arrow.string()


def _columns(group: Sequence[Sequence[Cell]]) -> dict[str, list[object]]:
    turned: Iterator[tuple[Cell, ...]] = zip(*group, strict=True)
    return {
        name: [_value(name, cell) for cell in cells]
        for name, cells in zip(COLUMNS, turned, strict=True)
    }


def _value(name: str, cell: Cell) -> object:
    if cell is None or isinstance(cell, str | datetime) or name in ("block", "entry"):
        return cell
    return plain_text(cell)
