"""Fields of explorers' rows as values: a sentence with the line for whatever is no such value."""

from datetime import UTC, datetime

from analytics.chain_history.explorer.reading import Line
from analytics.chain_history.scope import HistoryError
from wallets.addresses import AddressError, parse_address, parse_hash
from wallets.amounts import DIGITS, AmountError, to_base_units


def whole(line: Line, what: str) -> int:
    """A number without a sign or a fraction."""
    text = line.fields.get(what, "").replace(",", "")
    if text.isascii() and text.isdecimal() and len(text) <= DIGITS:
        return int(text)
    raise _not(line, what, "a whole number")


def amount(line: Line, what: str, decimals: int, *, wei: bool) -> int:
    """Base units: as they are, or from a decimal number like 1,000.5."""
    text = line.fields.get(what, "").replace(",", "")
    try:
        return to_base_units(text, 0 if wei else decimals)
    except AmountError:
        wanted = "a whole number of base units" if wei else f"an amount of {decimals} decimals"
        raise _not(line, what, wanted) from None


def moment(line: Line) -> datetime:
    """When the block was made: seconds since 1970, or a date as ISO 8601 writes it."""
    text = line.fields.get("time", "")
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text), tz=UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise _not(line, "time", "a time: seconds since 1970") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def address(line: Line, what: str) -> str:
    """An address; empty where the field is, as where a transaction made a contract."""
    text = line.fields.get(what, "")
    try:
        return parse_address(text) if text else ""
    except AddressError as error:
        raise HistoryError(f"{line.where}: {error}") from error


def tx_hash(line: Line) -> str:
    """The hash of a transaction."""
    try:
        return parse_hash(line.fields.get("hash", ""))
    except AddressError as error:
        raise HistoryError(f"{line.where}: {error}") from error


def failed(line: Line) -> bool:
    """Whether it was undone: a flag, a status, or an error's name."""
    flag = line.fields.get("failed", "").lower()
    status = line.fields.get("status", "")
    error = line.fields.get("error", "").lower()
    bad = flag == "1" or flag.startswith(("error", "fail"))
    return bad or status == "0" or error not in ("", "0", "none", "ok", "success")


def _not(line: Line, what: str, wanted: str) -> HistoryError:
    text = line.fields.get(what, "")[:60]
    return HistoryError(f"{line.where}: {text!r} in the field of {what!r} is not {wanted}")
