"""A flat Parquet file, in groups of rows: of what the format has, only what a ledger needs.

pyarrow takes 30 MB as it is loaded, and more for each group of rows: with it a long ledger did
not stay within what an export may take. Source: github.com/apache/parquet-format, README.md,
Encodings.md and parquet.thrift. Tests read the files with pyarrow.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import BinaryIO

from analytics.exports.thrift import Value, i32, i64, record, several, text, varint, yes

_MAGIC = b"PAR1"
_OPTIONAL, _PLAIN, _RLE, _GZIP, _DATA_PAGE = 1, 0, 3, 2, 0
_INT64, _BYTES = 2, 6
_AS_GZIP = 31  # what zlib calls the window of a gzip file


class Kind(Enum):
    """What a column holds; each of its cells may be None."""

    TEXT = "text"  # str
    NUMBER = "number"  # int of 64 bits
    TIME = "time"  # int, microseconds since 1970 in UTC

    @property
    def physical(self) -> int:
        """The type as it is stored."""
        return _BYTES if self is Kind.TEXT else _INT64

    def written(self, cells: Iterable[str | int]) -> bytes:
        """The cells one after the other; no None among them."""
        if self is not Kind.TEXT:
            numbers = list(cells)
            return struct.pack(f"<{len(numbers)}q", *numbers)
        texts = (str(cell).encode() for cell in cells)
        return b"".join(part for one in texts for part in (struct.pack("<i", len(one)), one))


class ParquetFile:
    """Open the file for writing, add groups of rows, and finish."""

    def __init__(self, file: BinaryIO, columns: Mapping[str, Kind]) -> None:
        self._file, self._columns = file, columns
        self._groups: list[Value] = []
        self._rows = self._at = 0
        self._put(_MAGIC)

    def add(self, columns: Sequence[Sequence[str | int | None]]) -> None:
        """The cells of some rows, by column in the order of the file's."""
        count, chunks, size = len(columns[0]), list[Value](), 0
        for (name, kind), cells in zip(self._columns.items(), columns, strict=True):
            chunk, length = self._chunk(name, kind, cells)
            chunks.append(chunk)
            size += length
        self._groups.append(record({1: several(chunks), 2: i64(size), 3: i64(count)}))
        self._rows += count

    def finish(self) -> None:
        """Write what tells readers where all of it is."""
        facts = {
            1: i32(1),
            2: several(
                [_root(len(self._columns)), *(_column(*one) for one in self._columns.items())]
            ),
            3: i64(self._rows),
            4: several(self._groups) if self._groups else Value(9, b"\x0c"),
            6: text("airdrops"),
        }
        footer = record(facts).data
        self._put(footer + struct.pack("<i", len(footer)) + _MAGIC)

    def _chunk(self, name: str, kind: Kind, cells: Sequence[str | int | None]) -> tuple[Value, int]:
        """One column of one group is one page; where it is, and its size when it is unpacked."""
        begins, known = self._at, [cell is not None for cell in cells]
        page = _levels(known) + kind.written(cell for cell in cells if cell is not None)
        packed = _gzip(page)
        header = _page_header(len(page), len(packed), len(cells))
        self._put(header + packed)
        facts = {
            1: i32(kind.physical),
            2: several([i32(_PLAIN), i32(_RLE)]),
            3: several([text(name)]),
            4: i32(_GZIP),
            5: i64(len(cells)),
            6: i64(len(header) + len(page)),
            7: i64(len(header) + len(packed)),
            9: i64(begins),
        }
        return record({2: i64(begins), 3: record(facts)}), len(header) + len(page)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)


def _root(count: int) -> Value:
    return record({4: text("schema"), 5: i32(count)})


def _column(name: str, kind: Kind) -> Value:
    facts = {1: i32(kind.physical), 3: i32(_OPTIONAL), 4: text(name)}
    match kind:
        case Kind.TEXT:
            facts |= {6: i32(0), 10: record({1: record({})})}
        case Kind.TIME:
            in_utc, microseconds = yes(), record({2: record({})})
            facts |= {6: i32(10), 10: record({8: record({1: in_utc, 2: microseconds})})}
    return record(facts)


def _page_header(size: int, packed: int, count: int) -> bytes:
    values = record({1: i32(count), 2: i32(_PLAIN), 3: i32(_RLE), 4: i32(_RLE)})
    return record({1: i32(_DATA_PAGE), 2: i32(size), 3: i32(packed), 5: values}).data


def _levels(known: Sequence[bool]) -> bytes:
    """A bit for each cell, the first one lowest: whether it is there."""
    eights = -(-len(known) // 8)
    bits = "".join("1" if one else "0" for one in reversed(known))
    run = varint(eights << 1 | 1) + int(bits, 2).to_bytes(eights, "little")
    return struct.pack("<i", len(run)) + run


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(level=1, wbits=_AS_GZIP)
    return packer.compress(data) + packer.flush()
