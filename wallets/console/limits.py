"""A limit's number on a page, without a question to the database for each."""

from typing import Any

from wallets.amounts import show_amount
from wallets.console import show
from wallets.limit_units import fixed_unit
from wallets.models import Limit, ScopeKind


def limit_amount(limit: Limit, amount: int) -> Any:
    """In the unit of its kind; base units beside it where it is an amount of a coin."""
    if limit.kind == Limit.Kind.MAX_FEE_PER_GAS:
        return show.gas_price(amount)
    if unit := fixed_unit(limit):
        return show.text(show_amount(amount, unit.decimals, unit.name))
    if limit.scope_kind == ScopeKind.TOKEN:
        return show.text(f"{amount} base units of the token")
    return show.native(amount, "of the coin")
