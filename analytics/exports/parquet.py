"""The ledger as Parquet, written in groups of rows."""

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, batched
from typing import Any, BinaryIO

import numpy

from analytics.exports.cells import Cell
from analytics.exports.ledger_rows import COLUMNS, plain_text, rows
from analytics.exports.wanted import Wanted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Small, since a group is in memory as Python has it, as Arrow has it, and as it is written.
GROUP = 2_000
# What the reader can do without, and the writer would keep for each column and group.
PLAIN = {"use_dictionary": False, "write_statistics": False, "data_page_size": 2**16}


class MissingLibrary(Exception):
    """What writes it is not installed; the message says what to do."""


def write(wanted: Wanted, file: BinaryIO, progress: Any = lambda _rows: None) -> int:
    """Into an open file; amounts and dollars as text, since no column type holds a uint256."""
    arrow, parquet = _library()
    schema = arrow.schema([(name, _type(arrow, name)) for name in COLUMNS])
    written = 0
    with parquet.ParquetWriter(file, schema, **PLAIN) as writer:
        for group in batched(rows(wanted), GROUP):
            turned = zip(*group, strict=True)
            columns = [_array(arrow, *one) for one in zip(schema.types, turned, strict=True)]
            writer.write_batch(arrow.record_batch(columns, schema=schema))
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
    # Its own allocator keeps what it once had; threads would each have an arena of their own.
    arrow: Any = pyarrow
    arrow.set_memory_pool(arrow.system_memory_pool())
    arrow.set_cpu_count(1)
    return arrow, arrow.parquet


def _type(arrow: Any, name: str) -> Any:
    match name:
        case "time":
            return arrow.timestamp("us", tz="UTC")
        case "block" | "entry":
            return arrow.int64()
        case _:
            return arrow.string()


def _array(arrow: Any, kind: Any, cells: Sequence[Cell]) -> Any:
    """A column out of its buffers: what Arrow makes of lists loads pandas where that is installed,
    which takes more memory than all the rest."""
    known = numpy.packbits([cell is not None for cell in cells], bitorder="little")
    buffers = [known, *(_texts(cells) if kind == arrow.string() else (_numbers(cells),))]
    return arrow.Array.from_buffers(kind, len(cells), [arrow.py_buffer(one) for one in buffers])


def _texts(cells: Sequence[Cell]) -> tuple["array[int]", bytes]:
    texts = [_text(cell).encode() for cell in cells]
    return array("i", accumulate(map(len, texts), initial=0)), b"".join(texts)


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, datetime):
        return ""
    return cell if isinstance(cell, str) else plain_text(cell)


def _numbers(cells: Sequence[Cell]) -> "array[int]":
    return array("q", [_number(cell) for cell in cells])


def _number(cell: Cell) -> int:
    """Of a time the microseconds since 1970."""
    if isinstance(cell, datetime):
        return (cell - EPOCH) // timedelta(microseconds=1)
    return cell if isinstance(cell, int) else 0
