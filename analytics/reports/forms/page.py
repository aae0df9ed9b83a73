"""A report as a page: the console's, and a file that needs nothing beside itself."""

# mypy: disable-error-code="no-untyped-call"

from html import escape

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from reportlab.graphics import renderSVG

from analytics.reports.document import Chart, Document
from analytics.reports.forms.charts import drawing

WIDTH = 680


def render_html(document: Document) -> bytes:
    """The whole page, with its style and its pictures in it."""
    return render_to_string("reports/file.html", page_context(document)).encode()


def page_context(document: Document) -> dict[str, object]:
    """What the page's templates ask for."""
    sections = [
        (section, [(chart, svg(chart, f"{section.key}-{chart.key}")) for chart in section.charts])
        for section in document.sections
    ]
    return {"document": document, "sections": sections}


def svg(chart: Chart, name: str) -> SafeString:
    """The picture as a part of a page; what somebody named is text in it, never markup."""
    text: str = renderSVG.drawToString(drawing(chart, WIDTH))
    body = text[text.index("<svg") :]
    # Several pictures in one page: each needs names of its own.
    for used in ("clip", "group"):
        body = body.replace(f'id="{used}"', f'id="{used}-{name}"')
    body = body.replace("url(#clip)", f"url(#clip-{name})")
    told = f"<title>{escape(chart.alternative)}</title>"
    body = body.replace("<title>...</title>", told).replace("<desc>...</desc>", "")
    labelled = f'<svg role="img" aria-label="{escape(chart.alternative)}" '
    return mark_safe(body.replace("<svg ", labelled, 1))  # noqa: S308 - every text is escaped above
