"""What pages show of profit: worked out by a job, so that a page reads a row and no books."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction as database
from django.utils import timezone

from analytics.basis.book import Book, read_book
from analytics.basis.lots import Method
from analytics.basis.profits import ProfitLine, profit_of
from analytics.basis.refreshing import advance, no_progress
from analytics.basis.unpriced import unpriced
from analytics.flows import Money
from analytics.models import BasisCheckpoint
from analytics.roi import By, RoiLine, roi_of
from wallets.amounts import show_amount
from wallets.prices import plain

GROUPS: tuple[By, ...] = ("campaign", "protocol", "wallet", "network")
# A page is for a person; the rest is in the files.
MOST = 500
_MONEY = ("cost", "worth", "realised", "unrealised", "income", "fees", "slippage")
_ROI = ("invested", "costs", "income", "realised", "unrealised")


def refresh(
    method: Method, *, seconds: float, progress: Callable[[datetime], None] = no_progress
) -> bool:
    """Go on for so long; once all is read, keep what pages show. Whether that was reached."""
    if not advance(method, seconds=seconds, progress=progress):
        return False
    summary, now = summary_of(read_book(method)), timezone.now()
    with database.atomic():
        BasisCheckpoint.objects.get_or_create(pk=method)
        BasisCheckpoint.objects.filter(pk=method).update(summary=summary, refreshed_at=now)
    return True


def summary_of(book: Book) -> dict[str, Any]:
    """As JSON; numbers as text, null for unknown."""
    found = profit_of(book)
    missing = unpriced(book)
    return {
        "lines": [profit_facts(one) for one in found.lines[:MOST]],
        "more": max(0, len(found.lines) - MOST),
        "roi": {by: [roi_facts(one) for one in roi_of(book, by=by)[:MOST]] for by in GROUPS},
        "unknown": list(found.unknown[:MOST]),
        "unpriced": [
            {"token": str(one.token), "day": str(one.day), "entries": one.entries}
            for one in missing[:MOST]
        ],
    }


def profit_facts(one: ProfitLine) -> dict[str, Any]:
    """A line of profit."""
    decimals = one.token.decimals
    return {
        "wallet": one.wallet.label,
        "network": one.token.network.slug,
        "token": one.token.symbol,
        "quantity": show_amount(one.quantity, decimals),
        "elsewhere": show_amount(one.elsewhere, decimals),
        "owed": show_amount(one.owed, decimals),
        **{name: _exact(getattr(one, name)) for name in _MONEY},
        "fee_amount": show_amount(one.fee_amount, decimals),
        "provisional_entries": one.provisional,
        "problems": list(one.problems),
    }


def roi_facts(one: RoiLine) -> dict[str, Any]:
    """A line of return."""
    return {
        "key": one.key,
        **{name: _exact(getattr(one, name)) for name in _ROI},
        "ratio": None if one.ratio is None else str(one.ratio),
        "problems": list(one.problems),
    }


def _exact(money: Money) -> str | None:
    """With every digit; a number of JSON would be read as a float."""
    return None if money.dollars is None else plain(money.dollars)
