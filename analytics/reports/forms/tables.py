"""A report for programs: JSON as it is kept, CSV with a line for each number."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from io import StringIO

from analytics.reports.document import Document, Section, Table

COLUMNS = ("section", "item", "row", "name", "value", "unit", "note")
# A spreadsheet would run what begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")

type Line = tuple[str, str, str, str, str, str, str]


def render_json(document: Document) -> bytes:
    """The document with its digest."""
    found = {"digest": document.digest, **document.as_json()}
    return json.dumps(found, indent=2, ensure_ascii=False).encode() + b"\n"


def render_csv(document: Document) -> bytes:
    """UTF-8; what a spreadsheet would take for a formula begins with an apostrophe."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in _lines(document):
        writer.writerow([harmless(cell) for cell in line])
    return text.getvalue().encode()


def harmless(cell: str) -> str:
    """The text, which no spreadsheet runs; plain numbers stay numbers."""
    if not cell.startswith(_FORMULA) or cell == "%" or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(cell: str) -> bool:
    try:
        return Decimal(cell).is_finite()
    except InvalidOperation:
        return False


def _lines(document: Document) -> Iterator[Line]:
    about = {
        "kind": document.kind,
        "title": document.title,
        "campaign": document.campaign,
        "start": document.start.isoformat(),
        "end": document.end.isoformat(),
        "made_at": document.made_at.isoformat(),
        "digest": document.digest,
    }
    for name, value in about.items():
        yield "report", name, "", name, value, "", ""
    for section in document.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[Line]:
    key = section.key
    for fact in section.facts:
        yield key, fact.key, "", fact.label, fact.value, fact.unit, fact.problem
    for table in section.tables:
        yield from _table(key, table)
    for chart in section.charts:
        told = zip(chart.labels, chart.values, strict=True)
        for number, (label, value) in enumerate(told, start=1):
            unknown = "unknown" if value is None else ""
            yield key, chart.key, str(number), label, value or "", chart.unit, unknown
    for number, note in enumerate(section.notes, start=1):
        yield key, "note", str(number), "note", "", "", note


def _table(section: str, table: Table) -> Iterator[Line]:
    for number, row in enumerate(table.rows, start=1):
        for name, cell in zip(table.columns, row, strict=True):
            yield section, table.key, str(number), name, cell, "", ""
    if table.more:
        yield section, table.key, "", table.title, "", "", table.more
