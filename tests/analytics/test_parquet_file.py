"""What is written as Parquet, pyarrow reads: every cell, with its type."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from analytics.exports import parquet
from analytics.exports.cells import Cell
from analytics.exports.ledger_rows import COLUMNS, plain_text, rows
from analytics.exports.parquet_file import Kind, ParquetFile
from analytics.exports.wanted import Wanted
from tests.factories import LedgerEntryFactory

# Untyped, both.
pyarrow: Any = import_module("pyarrow")
reader: Any = import_module("pyarrow.parquet")
KINDS = {"name": Kind.TEXT, "count": Kind.NUMBER, "at": Kind.TIME}
TYPES = [
    ("name", pyarrow.string()),
    ("count", pyarrow.int64()),
    ("at", pyarrow.timestamp("us", tz="UTC")),
]
NAMES = ("", None, "ether", "Ξ€\0 =1", str(2**256 - 1), "long " * 20_000)
NUMBERS = (0, -1, None, 2**63 - 1, -(2**63))


def _read(*groups: list[list[Any]]) -> Any:
    file = io.BytesIO()
    target = ParquetFile(file, KINDS)
    for group in groups:
        target.add(group)
    target.finish()
    return reader.read_table(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("count", [1, 7, 8, 9, 130])
def test_groups_of_any_length_are_read_as_they_were(count: int) -> None:
    names = [NAMES[number % len(NAMES)] for number in range(count)]
    numbers = [NUMBERS[number % len(NUMBERS)] for number in range(count)]
    table = _read([names, numbers, numbers[::-1]], [names[:1], [None], [None]])
    times = table["at"].cast(pyarrow.int64())
    assert table.schema.equals(pyarrow.schema(TYPES))
    assert table["name"].to_pylist() == [*names, names[0]]
    assert table["count"].to_pylist() == [*numbers, None]
    assert times.to_pylist() == [*numbers[::-1], None]


def test_a_file_without_rows_has_its_columns() -> None:
    table = _read()
    assert (table.num_rows, table.schema.equals(pyarrow.schema(TYPES))) == (0, True)


@pytest.mark.db
@pytest.mark.django_db
def test_a_ledger_of_several_groups_is_what_its_rows_are(
    tmp_path: Path,
) -> None:
    begin = datetime(2026, 1, 1, 12, 0, 0, 123457, tzinfo=UTC)
    for number in range(7):
        LedgerEntryFactory.create(occurred_at=begin + timedelta(hours=number))
    with (tmp_path / "ledger.parquet").open("wb") as file:
        assert parquet.write(Wanted(), file, group=3) == 7
    table = reader.read_table(tmp_path / "ledger.parquet")
    assert table.column_names == list(COLUMNS)
    expected = [dict(zip(COLUMNS, row, strict=True)) for row in rows(Wanted())]
    texts = {"time", "block", "entry"} ^ set(COLUMNS)
    for found, row in zip(table.to_pylist(), expected, strict=True):
        assert found == row | {name: _shown(row[name]) for name in texts}


def _shown(cell: Cell) -> Cell:
    """Exact numbers are text."""
    return plain_text(cell) if isinstance(cell, int | Decimal) else cell
