"""Time-weighted return: the period cut at flows, each span's return, and their product."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from itertools import pairwise

from analytics.flows import Flow

DIGITS = 50


@dataclass(frozen=True, slots=True)
class Value:
    """US dollars at a moment."""

    at: datetime
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Span:
    """From one known value to the next; `growth` is the factor, None where it is unknown."""

    start: Value
    end: Value
    growth: Decimal | None
    problem: str = ""


def spans(values: Sequence[Value], flows: Sequence[Flow]) -> list[Span]:
    """Between neighbours of `values`; a flow belongs to the span that ends at it or behind it.

    Both oldest first. Where values stand right before and at a flow, this is the exact return;
    within a span that a flow falls into, it is Modified Dietz's approximation.
    """
    found: list[Span] = []
    place = 0
    for start, end in pairwise(values):
        while place < len(flows) and flows[place].at <= start.at:
            place += 1
        first = place
        while place < len(flows) and flows[place].at <= end.at:
            place += 1
        found.append(_span(start, end, flows[first:place]))
    return found


def _span(start: Value, end: Value, flows: Sequence[Flow]) -> Span:
    unknown = next((one.money.problem for one in flows if one.money.dollars is None), "")
    if unknown:
        return Span(start, end, None, unknown)
    growth = modified_dietz(start, end, flows)
    if growth is None:
        when = f"between {start.at:%Y-%m-%d %H:%M} and {end.at:%Y-%m-%d %H:%M} UTC"
        return Span(start, end, None, f"{when} nothing was invested that could have gained or lost")
    return Span(start, end, 1 + growth)


def modified_dietz(start: Value, end: Value, flows: Iterable[Flow]) -> Decimal | None:
    """Gain over what was invested on average; None where that is not above zero.

    Each flow counts for the part of the span it was there. What began with nothing counts all of
    it from the start, what ended with nothing until the end.
    """
    with localcontext(prec=DIGITS):
        gain, invested = end.dollars - start.dollars, start.dollars
        for flow in flows:
            amount = flow.money.dollars or Decimal(0)
            gain -= amount
            invested += amount * _weight(start, end, flow.at)
        if invested > 0:
            return gain / invested
        return Decimal(0) if gain == 0 else None


def _weight(start: Value, end: Value, at: datetime) -> Decimal:
    if start.dollars == 0:
        return Decimal(1)
    if end.dollars == 0:
        return Decimal(0)
    return _seconds(at, end.at) / _seconds(start.at, end.at)


def _seconds(since: datetime, until: datetime) -> Decimal:
    return Decimal((until - since).total_seconds())


def linked(parts: Iterable[Span]) -> tuple[Decimal | None, str]:
    """The return over all of them, or why it is unknown."""
    with localcontext(prec=DIGITS):
        product = Decimal(1)
        for part in parts:
            if part.growth is None:
                return None, part.problem
            product *= part.growth
        return product - 1, ""
