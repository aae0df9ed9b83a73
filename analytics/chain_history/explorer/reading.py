"""An explorer's file as rows with their lines, whichever form it has."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.chain_history.explorer.formats import FORMATS, Format, detect
from analytics.chain_history.scope import HistoryError

MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A row: where it is in the file, and its fields by what they say."""

    where: str
    fields: Mapping[str, str]


def read_file(path: Path) -> tuple[Format | None, list[Line]]:
    """The form of a file and its rows; no form where it has no rows. HistoryError otherwise."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise HistoryError(f"{path.name} is larger than {MOST_BYTES // 2**20} MB; split it")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise HistoryError(
            f"{path.name} is not text in UTF-8 (byte {error.start}); download it again"
        ) from error
    if text.lstrip()[:1] in ("{", "["):
        return _shaped(path.name, _json_rows(path.name, text))
    return _shaped(path.name, _csv_rows(path.name, text))


def _shaped(name: str, rows: list[tuple[str, dict[str, str]]]) -> tuple[Format | None, list[Line]]:
    if not rows:
        return None, []
    found = detect(rows[0][1])
    if found is None:
        columns = ", ".join(list(rows[0][1])[:12])
        known = "; ".join(form.name for form in FORMATS)
        raise HistoryError(
            f"{name} is of no form that is known: its columns are {columns}. Known are: {known}"
        )
    form, columns_of = found
    return form, [
        Line(where, {what: row.get(column, "").strip() for what, column in columns_of.items()})
        for where, row in rows
    ]


def _json_rows(name: str, text: str) -> list[tuple[str, dict[str, str]]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{name} is not JSON: {error}") from error
    rows = content.get("result", content.get("items")) if isinstance(content, dict) else content
    if isinstance(rows, str) or rows is None:
        said = rows or content.get("message") or "nothing"
        raise HistoryError(f"{name} holds no rows; the explorer said: {str(said)[:200]}")
    return list(_json_lines(name, rows))


def _json_lines(name: str, rows: Any) -> Iterator[tuple[str, dict[str, str]]]:
    if not isinstance(rows, list):
        raise HistoryError(f"{name} holds no list of rows under `result`")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise HistoryError(f"row {number} of {name} is no object")
        values = {key: "" if value is None else value for key, value in row.items()}
        yield f"row {number}", {str(key): str(value) for key, value in values.items()}


def _csv_rows(name: str, text: str) -> list[tuple[str, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = next(reader, [])
        return [
            (f"line {reader.line_num}", dict(zip(header, row, strict=False)))
            for row in reader
            if _is_row(row, header, name, reader.line_num)
        ]
    except csv.Error as error:
        raise HistoryError(f"line {reader.line_num} of {name} is not CSV: {error}") from error


def _is_row(row: Sequence[str], header: Sequence[str], name: str, line: int) -> bool:
    if not any(field.strip() for field in row):
        return False
    if len(row) < len(header):
        raise HistoryError(
            f"line {line} of {name} has {len(row)} fields, and the header {len(header)}"
        )
    return True
