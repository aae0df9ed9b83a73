"""What came from outside and went there, as the books have it; and what campaigns have cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import QuerySet

from analytics.models import Campaign, LedgerEntry
from analytics.selectors import valid_entries
from wallets.amounts import DIGITS
from wallets.models import Token
from wallets.price_history import History
from wallets.prices import worth_at

K = LedgerEntry.Kind


@dataclass(frozen=True, slots=True)
class Money:
    """US dollars, exactly; or the sentence that says why nobody knows."""

    dollars: Decimal | None
    problem: str = ""


def external_flows(after: datetime, until: datetime) -> Money:
    """What came in from others less what went out to them, at the prices of the time."""
    rows = valid_entries().filter(
        account=LedgerEntry.Account.OUTSIDE, occurred_at__gt=after, occurred_at__lte=until
    )
    return _sum(list(rows.select_related("token__network")))


def campaign_costs(campaigns: QuerySet[Campaign]) -> dict[str, Money]:
    """What the fees of each campaign's tasks were worth when they were paid."""
    return {one.slug: _sum(list(_fees_of(one))) for one in campaigns}


def _fees_of(campaign: Campaign) -> QuerySet[LedgerEntry]:
    rows = valid_entries().filter(kind=K.FEE, transaction__step__run__task__campaigns=campaign)
    return rows.select_related("token__network")


def _sum(rows: list[LedgerEntry]) -> Money:
    """In, less out and fees: a campaign's costs come out below zero."""
    if not rows:
        return Money(Decimal(0))
    moments = [row.occurred_at for row in rows]
    tokens: dict[int, Token] = {row.token_id: row.token for row in rows}
    history, total = History(tokens, min(moments), max(moments)), Decimal(0)
    with localcontext(prec=2 * DIGITS):
        for row in rows:
            value = worth_at(row.amount, row.token, history.at(row.token_id, row.occurred_at))
            if value is None:
                at = f"{row.occurred_at:%Y-%m-%d %H:%M} UTC"
                return Money(None, f"the price of {row.token} at {at} was not stored")
            total += value if row.kind == K.IN else -value
    return Money(total)
