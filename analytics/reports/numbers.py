"""How numbers of a report are written: exact decimals, rounded only here."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from analytics.flows import Money
from analytics.reports.document import USD, Fact
from wallets.amounts import DIGITS

CENT, SMALL = Decimal("0.01"), Decimal("0.0001")


def usd(value: Decimal) -> str:
    """US dollars to the cent; below a dollar with four decimals, so that fees do not vanish."""
    with localcontext(prec=2 * DIGITS):
        step = SMALL if 0 < abs(value) < 1 else CENT
        return f"{value.quantize(step, ROUND_HALF_EVEN):f}"


def cents(value: int) -> str:
    """US cents as dollars."""
    return usd(Decimal(value) / 100)


def count(key: str, label: str, number: int) -> Fact:
    """How many there are."""
    return Fact(key, label, str(number))


def dollars(key: str, label: str, value: Decimal | None, problem: str = "") -> Fact:
    """An amount of US dollars, or why it is unknown."""
    if value is None:
        return Fact(key, label, "", USD, problem or "nobody has worked it out")
    return Fact(key, label, usd(value), USD)


def money(key: str, label: str, found: Money) -> Fact:
    """The same of what the books answer."""
    return dollars(key, label, found.dollars, found.problem)


def from_cents(key: str, label: str, value: int | None, problem: str = "") -> Fact:
    """The same of whole US cents."""
    return dollars(key, label, None if value is None else Decimal(value) / 100, problem)


def percent(part: int, whole: int) -> str:
    """A share to a hundredth of a percent; empty where there is no whole."""
    if not whole:
        return ""
    share = Decimal(part) * 100 / Decimal(whole)
    return f"{share.quantize(CENT, ROUND_HALF_EVEN):f}"


def percent_of(value: Decimal | None) -> str:
    """A ratio as percent; "unknown" where nobody knows it."""
    if value is None:
        return "unknown"
    with localcontext(prec=2 * DIGITS):
        return f"{(value * 100).quantize(CENT, ROUND_HALF_EVEN):f}"
