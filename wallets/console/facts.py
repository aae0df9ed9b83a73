"""Values that came as JSON, shown as lines and tables for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from wallets.console import show
from wallets.console.columns import Column, column


def facts(field: str, title: str = "") -> Column:
    """A field of JSON; what is empty is a dash."""
    return column(title or field.capitalize(), lambda row: as_facts(getattr(row, field)))


def as_facts(value: Any) -> SafeString:
    """A mapping as lines of name and value, a list of mappings as a table, the rest as words."""
    if value is None:
        return show.text("unknown")
    if isinstance(value, bool):
        return show.text("yes" if value else "no")
    if isinstance(value, int):
        return show.text(f"{value:,}")
    if isinstance(value, Mapping):
        return _lines(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _list(value)
    return show.text(value) if value != "" else show.NOTHING


def _lines(value: Mapping[str, Any]) -> SafeString:
    if not value:
        return show.NOTHING
    lines = ((_words(name), as_facts(found)) for name, found in value.items())
    rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", lines)
    return format_html('<table class="console-table console-facts">{}</table>', rows)


def _list(value: Sequence[Any]) -> SafeString:
    if not value:
        return show.NOTHING
    if not all(isinstance(one, Mapping) for one in value):
        return format_html_join("", "<div>{}</div>", ((as_facts(one),) for one in value))
    names = list(dict.fromkeys(name for one in value for name in one))
    head = format_html_join("", "<th>{}</th>", ((_words(name),) for name in names))
    cells = (
        (format_html_join("", "<td>{}</td>", ((as_facts(one.get(name, "")),) for name in names)),)
        for one in value
    )
    rows = format_html_join("", "<tr>{}</tr>", cells)
    return format_html('<table class="console-table"><tr>{}</tr>{}</table>', head, rows)


def _words(name: str) -> str:
    return str(name).replace("_", " ").capitalize()
