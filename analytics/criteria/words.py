"""Numbers of criteria as text, for files and for people."""

from decimal import Decimal

# What is kept has no more, and whoever reads needs no more.
_MOST_DECIMALS = 18


def plain(number: Decimal) -> str:
    """Without exponents, and without zeros that say nothing."""
    exponent = number.as_tuple().exponent
    long = isinstance(exponent, int) and exponent < -_MOST_DECIMALS
    text = f"{number:.{_MOST_DECIMALS}f}" if long else f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bounds(found: tuple[Decimal, Decimal]) -> list[str | None]:
    """From and to; None for no bound."""
    return [plain(one) if one.is_finite() else None for one in found]


def range_text(low: Decimal | None, high: Decimal | None) -> str:
    """`5`, `5 … 9`, or `5 or more`; empty where nothing is counted."""
    if low is None:
        return ""
    if high is None:
        return f"{plain(low)} or more"
    return plain(low) if low == high else f"{plain(low)} … {plain(high)}"
