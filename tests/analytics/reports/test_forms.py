"""Every form says the same numbers, and runs nothing that somebody wrote into a name."""

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO, StringIO

import pytest
from pypdf import PdfReader

from analytics.reports import message
from analytics.reports.document import Document, Fact, Section, Table
from analytics.reports.forms import file_name, forms
from tests import factories as made
from tests.analytics.reports.days import DAY, Books, a_day, report, told

pytestmark = [pytest.mark.django_db, pytest.mark.db]

SCRIPT, FORMULA = "<script>alert(1)</script>", "=cmd|' /C calc'!A0"


class Facts(HTMLParser):
    """The numbers of a page by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.tags: set[str] = set()
        self._name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._name = dict(attrs).get("data-fact") or ""

    def handle_data(self, data: str) -> None:
        if self._name:
            self.found[self._name] = self.found.get(self._name, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._name = ""


def a_document() -> Document:
    """A day with a wallet and a task that are called what they should not be."""
    books = a_day()
    wallet = made.WalletFactory.create(label=SCRIPT)
    made.BalanceFactory.create(wallet=wallet, token=books.token, amount=1)
    made.MinimumBalanceFactory.create(wallet=wallet, token=books.token, amount=10**6)
    run = made.RunFactory.create(occurrence__task__name=FORMULA, state="failed", detail="a <b> & c")
    type(run).objects.filter(pk=run.pk).update(state_changed_at=DAY)
    made.EquityPointFactory.create(
        at=DAY.replace(hour=23, minute=45),
        cents=102_500,
        parts={"networks": {SCRIPT: 60_000, "scroll": 42_500}},
    )
    return report()


def in_words(line: dict[str, str]) -> str:
    return (
        f"{line['value']} {line['unit']}".strip() if line["value"] else f"unknown: {line['note']}"
    )


def rendered(document: Document, form: str) -> bytes:
    return forms()[form].render(document)


def pdf_text(document: Document) -> str:
    pages = PdfReader(BytesIO(rendered(document, "pdf"))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_all_forms_say_the_same_numbers() -> None:
    document = a_document()
    wanted = told(document)
    page = Facts()
    page.feed(rendered(document, "html").decode())
    assert page.found == wanted
    lines = csv.DictReader(StringIO(rendered(document, "csv").decode()))
    said = {f"{one['section']}.{one['item']}": in_words(one) for one in lines if not one["row"]}
    assert {key: said[key] for key in wanted} == wanted
    kept = json.loads(rendered(document, "json"))
    assert kept.pop("digest") == document.digest
    assert kept == document.as_json()
    text = pdf_text(document)
    assert [key for key, value in wanted.items() if value not in text] == []


def test_tables_are_the_same_in_every_form() -> None:
    document = a_document()
    page, text = rendered(document, "html").decode(), pdf_text(document)
    places = next(one for one in document.sections if one.key == "transactions").tables[0]
    assert [row[1:] for row in places.rows] == [("aave", "2", "1", "0", "66.67")]
    for cell in places.rows[0]:
        assert f"<td>{cell}</td>" in page
        assert cell in text


def test_names_are_text_and_nothing_else() -> None:
    document = a_document()
    page, table = rendered(document, "html").decode(), rendered(document, "csv").decode()
    parser = Facts()
    parser.feed(page)
    assert "script" not in parser.tags
    assert page.count("&lt;script&gt;") == 4  # in a table, a chart, and twice in what describes it
    cells = [cell for row in csv.reader(StringIO(table)) for cell in row]
    assert f"'{FORMULA}" in cells
    assert FORMULA not in cells
    assert SCRIPT in pdf_text(document)


def test_the_message_is_short_and_plain() -> None:
    found = message(a_document())
    assert found.title == "Daily report 2026-11-23"
    lines = found.text.splitlines()
    assert lines[0] == "2026-11-23 00:00 to 2026-11-24 00:00 UTC"
    assert lines[1].startswith("Needs a person now: ")
    assert "Value: Value at the end 1025.00 USD; Change 25.00 USD; Won or lost 19.00 USD" in lines
    assert len(lines) < 15


def test_what_a_pdf_cannot_show_is_told_by_its_number() -> None:
    Books.open("\u6d4b\u8bd5")
    made.EquityPointFactory.create(
        at=DAY.replace(hour=23, minute=45), parts={"networks": {"测": 1}}
    )
    assert "\\u6d4b" in pdf_text(report())


def test_a_text_longer_than_a_page_goes_on_at_the_next() -> None:
    long = "x" * 6000
    section = Section("a", "A", (Fact("k", "long", long),), (Table("t", "T", ("C",), ((long,),)),))
    assert pdf_text(replace(report(), sections=(section,))).count("x") >= 12_000


def test_a_file_is_called_after_its_time() -> None:
    document = report()
    assert file_name(document, "pdf") == "airdrops-daily-2026-11-23.pdf"
    assert rendered(document, "pdf") == rendered(document, "pdf")
