"""What pages written as templates show the same way as the lists do."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from airdrops_site.emergency.header import header
from wallets.console import show
from wallets.models import Balance, Token

register = template.Library()
register.simple_tag(show.answer)
register.simple_tag(show.badge)
register.simple_tag(show.flag)
register.simple_tag(show.native)
register.simple_tag(show.page_of)
register.simple_tag(show.prose)
register.simple_tag(show.short, name="short_hash")
register.simple_tag(show.hash_with_explorer)


@register.simple_tag
def amount(base_units: int, token: Token) -> SafeString:
    """An amount of a token."""
    return show.amount(base_units, token.decimals, token.symbol)


@register.simple_tag
def holding(row: Balance) -> SafeString:
    """A balance, known or not."""
    return show.holding(row.amount, row.token)


@register.inclusion_tag("console/stop.html", takes_context=True)
def emergency_stop(context: Any) -> dict[str, Any]:
    """The stop's state and its button, for the header of every page."""
    return {**header(context.get("request")), "csrf_token": context.get("csrf_token")}


@register.filter
def newest(rows: Any) -> Any:
    """The last of what was fetched along."""
    found = list(rows.all())
    return found[-1] if found else None
