"""What the pages of criteria show of numbers."""

from decimal import Decimal

from django import template

from analytics.criteria.estimates import Estimate
from analytics.criteria.saying import say
from analytics.criteria.words import plain, range_text

register = template.Library()


@register.filter
def number(value: Decimal) -> str:
    """All its digits, without zeros that say nothing."""
    return plain(value)


@register.filter
def between(found: tuple[Decimal, Decimal | None]) -> str:
    """From and to."""
    low, high = found
    return "unknown" if low == 0 and high is None else range_text(low, high)


@register.filter
def said(estimate: Estimate) -> list[str]:
    """What it would cost, a line each."""
    return say(estimate)
