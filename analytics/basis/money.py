"""US dollars as whole numbers of 1e-18: exact to add and to share out, rounded once at the edge."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

from wallets.amounts import DIGITS

PLACES = 18
CENT: int = 10 ** (PLACES - 2)
Price = tuple[int, int]  # US dollars for one whole token: amount / 10**decimals


def worth(amount: int, decimals: int, price: Price | None) -> int | None:
    """What so many base units are worth, to the nearest 1e-18 dollars; None for no price."""
    if price is None:
        return None
    top = amount * price[0] * 10**PLACES
    bottom = 10 ** (decimals + price[1])
    return int((2 * top + bottom) // (2 * bottom))


def shares(total: int | None, weights: Sequence[int]) -> Iterator[int | None]:
    """The total in parts like the weights, which add up to it exactly."""
    left, weight_left = total, sum(weights)
    for weight in weights:
        if left is None:
            yield None
            continue
        part = left * weight // weight_left if weight_left else 0
        left, weight_left = left - part, weight_left - weight
        yield part


def dollars(attos: int) -> Decimal:
    """As a Decimal, exactly."""
    with localcontext(prec=2 * DIGITS):
        return Decimal(attos).scaleb(-PLACES)


def from_cents(cents: int) -> int:
    """From US cents."""
    return cents * CENT
