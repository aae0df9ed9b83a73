"""A report as a PDF of A4 pages."""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus.doctemplate import SimpleDocTemplate
from reportlab.platypus.flowables import Flowable, KeepTogether, Spacer
from reportlab.platypus.paragraph import Paragraph
from reportlab.platypus.tables import Table

from analytics.reports.document import Chart, Document, Fact, Section
from analytics.reports.document import Table as Lines
from analytics.reports.forms.charts import drawing

MARGIN = 18 * mm
# A frame keeps six points free at each side.
WIDTH = int(A4[0] - 2 * MARGIN) - 12
INK, GREY, FAINT = HexColor("#1f2937"), HexColor("#6b7280"), HexColor("#e5e7eb")
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12, textColor=INK)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=8, leading=10)
CAPTION = ParagraphStyle("caption", parent=BODY, fontName="Helvetica-Bold", keepWithNext=1)
NOTE = ParagraphStyle("note", parent=SMALL, textColor=GREY)
TITLE = ParagraphStyle("title", parent=BODY, fontName="Helvetica-Bold", fontSize=17, leading=22)
HEADING = ParagraphStyle(
    "heading", parent=TITLE, fontSize=12, leading=16, spaceBefore=12, spaceAfter=4
)
GRID = [
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, FAINT),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
]


def render_pdf(document: Document) -> bytes:
    """The same document gives the same bytes."""
    kept = BytesIO()
    template = SimpleDocTemplate(
        kept,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=printable(document.title),
        author="Airdrops",
        invariant=1,
    )
    template.build(list(_story(document)), onFirstPage=_foot, onLaterPages=_foot)
    return kept.getvalue()


def printable(text: str) -> str:
    """What the PDF's own fonts can show; other characters by their number, so none is lost."""
    return text.encode("cp1252", "backslashreplace").decode("cp1252")


def _foot(canvas: Any, _template: Any) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(GREY)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, f"{canvas.getPageNumber()}")


def _story(document: Document) -> Iterator[Flowable]:
    yield _paragraph(document.title, TITLE)
    yield _paragraph(f"{document.period}; made {document.made_at:%Y-%m-%d %H:%M} UTC", NOTE)
    for section in document.sections:
        yield from _section(section)
    yield Spacer(0, 12)
    yield _paragraph(f"SHA-256 of what this report says: {document.digest}", NOTE)


def _section(section: Section) -> Iterator[Flowable]:
    heading: list[Flowable] = [_paragraph(section.title, HEADING)]
    if section.facts:
        heading.append(_facts(section.facts))
    yield KeepTogether(heading)
    for table in section.tables:
        if table.rows:
            yield from _table(table)
    for chart in section.charts:
        yield Spacer(0, 8)
        yield _picture(chart)
    for note in section.notes:
        yield _paragraph(note, NOTE)


def _picture(chart: Chart) -> Flowable:
    labels = tuple(printable(one) for one in chart.labels)
    shown = Chart(chart.key, chart.kind, printable(chart.title), chart.unit, labels, chart.values)
    return drawing(shown, WIDTH)


def _paragraph(text: str, style: ParagraphStyle) -> Flowable:
    return Paragraph(escape(printable(text)), style)


def _facts(facts: tuple[Fact, ...]) -> Flowable:
    rows = [[_paragraph(fact.label, BODY), _paragraph(fact.text, BODY)] for fact in facts]
    widths = [WIDTH * 0.45, WIDTH * 0.55]
    # A row that is longer than a page goes on at the next.
    return Table(rows, colWidths=widths, style=GRID, hAlign="LEFT", splitInRow=1)


def _table(table: Lines) -> Iterator[Flowable]:
    head = [Paragraph(f"<b>{escape(printable(one))}</b>", SMALL) for one in table.columns]
    rows = [[_paragraph(cell, SMALL) for cell in row] for row in table.rows]
    yield Spacer(0, 6)
    yield _paragraph(table.title, CAPTION)
    yield Table(
        [head, *rows],
        colWidths=_widths(table),
        style=GRID,
        repeatRows=1,
        hAlign="LEFT",
        splitInRow=1,
    )
    if table.more:
        yield _paragraph(table.more, NOTE)


def _widths(table: Lines) -> list[float]:
    """By the longest text of each column, within bounds."""
    columns = zip(table.columns, *table.rows, strict=True)
    wanted = [min(34, max(9, *(len(cell) + 2 for cell in column))) for column in columns]
    return [WIDTH * one / sum(wanted) for one in wanted]
