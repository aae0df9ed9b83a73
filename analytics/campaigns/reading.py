"""A file of campaigns, read record by record: JSON or CSV, known by how it begins."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from analytics.campaigns.fields import COLUMNS, FIELDS, FieldMistake, from_cell, read
from analytics.campaigns.json_stream import JsonMistake, JsonStream

_LONGEST_CELL = 1 << 20
_WITH_ARTICLE = {"campaign": "a campaign", "eligibility": "an eligibility", "claim": "a claim"}


@dataclass(frozen=True, slots=True)
class Read:
    """A record with its values as Python has them."""

    line: int
    kind: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is not taken."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class Malformed(Exception):
    """The file cannot be read further; the message says where and why."""


def read_records(file: TextIO) -> Iterator[Read | Refusal]:
    """Each record, or why it is none; Malformed where the rest cannot be told apart."""
    try:
        begins = file.read(1)
        file.seek(0)
        yield from _of_json(file) if begins in ("[", "{") else _of_csv(file)
    except UnicodeDecodeError as error:
        raise Malformed("the file is not UTF-8 text") from error
    except (JsonMistake, csv.Error) as error:
        raise Malformed(str(error)) from error


def _of_json(file: TextIO) -> Iterator[Read | Refusal]:
    stream = JsonStream(file)
    for _ in stream.elements():
        stream.peek()
        line, found = stream.line, stream.value()
        if not isinstance(found, dict):
            yield Refusal(line, "a record is an object")
            continue
        yield _record(line, found.pop("record", None), found)
    stream.end()


def _record(line: int, kind: object, found: dict[str, Any]) -> Read | Refusal:
    fields = FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        return Refusal(line, f"record is {kind!r}; it must be one of {', '.join(FIELDS)}")
    if strange := sorted(found.keys() - {one.name for one in fields}):
        return Refusal(line, f"{_WITH_ARTICLE[str(kind)]} has no {strange[0]!r}")
    try:
        values = {one.name: read(one, found.get(one.name)) for one in fields}
    except FieldMistake as error:
        return Refusal(line, str(error))
    return Read(line, str(kind), values)


def _of_csv(file: TextIO) -> Iterator[Read | Refusal]:
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(file, strict=True)
    if tuple(next(lines, ())) != COLUMNS:
        raise Malformed(f"line 1: the header must be {','.join(COLUMNS)}")
    before = lines.line_num
    for cells in lines:
        line, before = before + 1, lines.line_num
        if len(cells) != len(COLUMNS):
            yield Refusal(line, f"it has {len(cells)} cells instead of {len(COLUMNS)}")
            continue
        yield _of_cells(line, dict(zip(COLUMNS, cells, strict=True)))


def _of_cells(line: int, cells: dict[str, str]) -> Read | Refusal:
    kind = cells.pop("record")
    fields = FIELDS.get(kind, ())
    known = {one.name for one in fields}
    if fields and (
        strange := next((name for name in cells if cells[name] and name not in known), "")
    ):
        return Refusal(line, f"a record of a {kind} has no {strange!r}")
    try:
        values = {one.name: from_cell(one, cells[one.name]) for one in fields}
    except FieldMistake as error:
        return Refusal(line, str(error))
    return _record(line, kind, values)
