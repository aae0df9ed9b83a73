"""The forms of a report; each says what the document says."""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.reports.document import Document


@dataclass(frozen=True, slots=True)
class Form:
    """How a report is written, as which kind of file."""

    name: str
    content_type: str
    render: Callable[[Document], bytes]


def forms() -> dict[str, Form]:
    """All of them by name; what draws is loaded only now."""
    from analytics.reports.forms.page import render_html
    from analytics.reports.forms.pdf import render_pdf
    from analytics.reports.forms.tables import render_csv, render_json
    from analytics.reports.forms.words import render_text

    found = (
        Form("html", "text/html; charset=utf-8", render_html),
        Form("pdf", "application/pdf", render_pdf),
        Form("csv", "text/csv; charset=utf-8", render_csv),
        Form("json", "application/json", render_json),
        Form("text", "text/plain; charset=utf-8", render_text),
    )
    return {one.name: one for one in found}


FORMS = ("html", "csv", "json", "pdf", "text")


def file_name(document: Document, form: str) -> str:
    """What a file of it is called: `airdrops-daily-2026-11-26.pdf`."""
    of = f"-{document.campaign}" if document.campaign else ""
    ending = "txt" if form == "text" else form
    return f"airdrops-{document.kind}{of}-{document.start:%Y-%m-%d}.{ending}"
