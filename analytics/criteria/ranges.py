"""What is known of a number: it lies between two bounds, which are equal where it is known.

A yes or no is a number too: 1 or 0, and (0, 1) where nobody knows.
"""

from collections.abc import Iterable
from decimal import Decimal

type Range = tuple[Decimal, Decimal]

ZERO, ONE, OPEN = Decimal(0), Decimal(1), Decimal("Infinity")
NO: Range = (ZERO, ZERO)
YES: Range = (ONE, ONE)
MAYBE: Range = (ZERO, ONE)
UNKNOWN: Range = (ZERO, OPEN)
# Digits for what is divided; whole amounts have 78.
PRECISION = 100


def exactly(number: Decimal | int) -> Range:
    """A number that is known."""
    value = Decimal(number)
    return value, value


def is_known(found: Range) -> bool:
    """Whether it is one number."""
    return found[0] == found[1]


def truth(certain: bool, possible: bool) -> Range:  # noqa: FBT001 - a pair as a Range is
    """A yes or no of which it is known whether it is certain, and whether it is possible."""
    return YES if certain else MAYBE if possible else NO


def add(a: Range, b: Range) -> Range:
    """Their sum."""
    return a[0] + b[0], a[1] + b[1]


def subtract(a: Range, b: Range) -> Range:
    """The first less the second."""
    return _difference(a[0], b[1]), _difference(a[1], b[0], unclear=OPEN)


def multiply(a: Range, b: Range) -> Range:
    """Their product."""
    corners = [_product(one, other) for one in a for other in b]
    return min(corners), max(corners)


def divide(a: Range, b: Range) -> Range:
    """The first by the second, neither below zero; by nothing it is nothing."""
    if b[1] == 0:
        return NO
    low = ZERO if b[1] == OPEN else a[0] / b[1]
    if b[0] > 0:
        return low, OPEN if a[1] == OPEN else a[1] / b[0]
    return (low, OPEN) if a[1] else (low, ZERO)


def hull(a: Range, b: Range) -> Range:
    """What holds both."""
    return min(a[0], b[0]), max(a[1], b[1])


def least(found: Iterable[Range]) -> Range:
    """The smallest of them."""
    lows, highs = zip(*found, strict=True)
    return min(lows), min(highs)


def most(found: Iterable[Range]) -> Range:
    """The greatest of them."""
    lows, highs = zip(*found, strict=True)
    return max(lows), max(highs)


def _difference(a: Decimal, b: Decimal, unclear: Decimal = -OPEN) -> Decimal:
    return unclear if a == b == OPEN else a - b


def _product(a: Decimal, b: Decimal) -> Decimal:
    return ZERO if a == 0 or b == 0 else a * b
