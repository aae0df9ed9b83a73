"""Columns of lists and lines of pages, made from the name of what they show."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from wallets.console import show

Column = Callable[[Any], Any]


def column(title: str, read: Column) -> Column:
    """A column of that title."""

    def shown(row: Any) -> Any:
        return read(row)

    shown.__name__ = title.lower().replace(" ", "_")
    shown.short_description = title  # type: ignore[attr-defined]
    return shown


def badge(field: str, title: str = "") -> Column:
    """A field with choices, coloured."""

    def read(row: Any) -> Any:
        return show.badge(getattr(row, field), getattr(row, f"get_{field}_display")())

    return column(title or _title(field), read)


def short(field: str, title: str = "") -> Column:
    """A hash or an address, shortened."""
    return column(title or _title(field), lambda row: show.short(getattr(row, field)))


def full(field: str, title: str = "") -> Column:
    """A hash or an address, whole."""
    return column(title or _title(field), lambda row: show.full(getattr(row, field)))


def link(path: str, title: str = "") -> Column:
    """The row at the end of a dotted path, as a link to its page."""
    return column(title or _title(path), lambda row: show.page_of(_at(row, path)))


def gas_price(field: str, title: str = "") -> Column:
    """A field of wei per gas, in gwei."""
    return column(title or _title(field), lambda row: show.gas_price(getattr(row, field)))


def native(field: str, title: str = "") -> Column:
    """A field of wei; the row was read `with_coin`."""
    return column(
        title or _title(field),
        lambda row: show.native(getattr(row, field), row.coin or "(no coin)"),
    )


def token_amount(field: str, of: str, title: str = "") -> Column:
    """A field of base units of the token at the end of the dotted path `of`."""

    def read(row: Any) -> Any:
        token = _at(row, of)
        number = getattr(row, field)
        return show.amount(number, token.decimals, token.symbol) if token else number

    return column(title or _title(field), read)


def choice(field: str, title: str = "") -> Column:
    """A field with choices, as a plain word."""
    return column(title or _title(field), lambda row: getattr(row, f"get_{field}_display")())


def history(subject: str) -> Column:
    """Every state the row has been in."""
    return column("History", lambda row: show.history(subject, row.pk))


def _at(row: Any, path: str) -> Any:
    for name in path.split("."):
        try:
            row = getattr(row, name)
        except ObjectDoesNotExist:
            return None
        if row is None:
            return None
    return row


def _title(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()
