"""How every field of a record is written: the one table that export and import go by."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from analytics.campaigns.cells import as_meant, harmless
from wallets.addresses import AddressError, parse_address
from wallets.amounts import AmountError, check_amount


class FieldMistake(Exception):
    """What is wrong with a field; the message names it."""


class Kind(StrEnum):
    """What a value is; JSON has texts, whole numbers, lists and objects, and null for unknown."""

    TEXT = "text"
    ADDRESS = "address"
    AMOUNT = "amount"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    MOMENT = "moment"
    NAMES = "names"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """A column; what may be null is written as null, in a CSV as an empty cell."""

    name: str
    kind: Kind = Kind.TEXT
    null: bool = False


_CAMPAIGN = Field("campaign")
FIELDS: Mapping[str, tuple[Field, ...]] = {
    "campaign": (
        _CAMPAIGN,
        Field("name"),
        Field("protocol", null=True),
        Field("networks", Kind.NAMES),
        Field("token", null=True),
        Field("status"),
        Field("criteria"),
        Field("announced_on", Kind.DATE, null=True),
        Field("snapshot_at", Kind.MOMENT, null=True),
        Field("claim_contract", Kind.ADDRESS),
        Field("claim_opens_at", Kind.MOMENT, null=True),
        Field("claim_closes_at", Kind.MOMENT, null=True),
        Field("link"),
        Field("links", Kind.JSON),
        Field("expected_cents", Kind.INTEGER, null=True),
        Field("notes"),
        Field("tasks", Kind.NAMES),
        Field("created_at", Kind.MOMENT),
    ),
    "eligibility": (
        _CAMPAIGN,
        Field("wallet", Kind.ADDRESS),
        Field("status"),
        Field("amount", Kind.AMOUNT, null=True),
        Field("points", Kind.DECIMAL, null=True),
        Field("details", Kind.JSON),
        Field("source"),
        Field("checked_at", Kind.MOMENT, null=True),
    ),
    "claim": (
        _CAMPAIGN,
        Field("wallet", Kind.ADDRESS),
        Field("network"),
        Field("contract", Kind.ADDRESS),
        Field("amount", Kind.AMOUNT),
        Field("proof", Kind.JSON),
        Field("status"),
        Field("claimed_hash"),
        Field("reason"),
    ),
}
COLUMNS = ("record", *dict.fromkeys(one.name for found in FIELDS.values() for one in found))


def written(field: Field, value: Any) -> Any:
    """The value as JSON has it."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case int() if field.kind == Kind.AMOUNT:
            return str(value)  # more digits than other programs' numbers have
    return value


def as_cell(field: Field, value: Any) -> str:
    """The JSON value as a cell of a CSV."""
    if value is None:
        return ""
    if field.kind in (Kind.JSON, Kind.NAMES):
        return as_json(value)
    return harmless(value) if field.kind == Kind.TEXT else str(value)


def from_cell(field: Field, cell: str) -> Any:
    """The JSON value that the cell was made from."""
    if cell == "" and field.null:
        return None
    if field.kind in (Kind.JSON, Kind.NAMES):
        return _json_of(field, cell)
    return as_meant(cell) if field.kind == Kind.TEXT else cell


def as_json(value: Any) -> str:
    """In one form, whichever database it comes from."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(field: Field, value: Any) -> Any:
    """What the JSON value means; FieldMistake for what it must not be."""
    if value is None:
        if field.null:
            return None
        raise FieldMistake(f"{field.name} is missing")
    try:
        return _READERS[field.kind](value)
    except (AddressError, AmountError) as error:
        raise FieldMistake(f"{field.name}: {error}") from error
    except (InvalidOperation, TypeError, ValueError) as error:
        raise FieldMistake(f"{field.name}: {value!r} is no {field.kind}") from error


def _json_of(field: Field, cell: str) -> Any:
    try:
        return json.loads(cell or "[]")
    except (ValueError, RecursionError) as error:
        raise FieldMistake(f"{field.name}: {cell[:80]!r} is no JSON") from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    return value


def _address(value: Any) -> str:
    return parse_address(value) if value != "" else ""


def _digits(value: Any) -> int:
    """A whole number, or a text of digits alone: `1_000` and ` 7 ` are somebody's mistake."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError
    text = str(value)
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError
    return int(text)


def _integer(value: Any) -> int:
    number = _digits(value)
    if abs(number) >= 2**63:
        raise ValueError
    return number


def _decimal(value: Any) -> Decimal:
    number = Decimal(_text(value) if isinstance(value, str) else _digits(value))
    exponent = number.as_tuple().exponent
    if not number.is_finite() or number.adjusted() >= 14 or int(exponent) < -6:
        raise ValueError
    return number


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError
    return found.astimezone(UTC)


def _names(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError
    return [_text(one) for one in value]


def _json(value: Any) -> Any:
    if not isinstance(value, list | dict):
        raise ValueError
    text = as_json(value)
    if "\\u0000" in text:
        raise ValueError
    text.encode()
    return value


_READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.ADDRESS: _address,
    Kind.AMOUNT: lambda value: check_amount(_digits(value)),
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.DATE: lambda value: date.fromisoformat(_text(value)),
    Kind.MOMENT: _moment,
    Kind.NAMES: _names,
    Kind.JSON: _json,
}
