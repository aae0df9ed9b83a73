"""What came from outside and went there, as the books have it; and what campaigns have cost."""

from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, slots=True)
class Flow:
    """One entry at the price of its time: above zero it came in, below it went out."""

    at: datetime
    money: Money


def external_flows(after: datetime, until: datetime) -> Money:
    """What came in from others less what went out to them, at the prices of the time."""
    return added(flows_between(after, until))


def flows_between(after: datetime, until: datetime) -> list[Flow]:
    """Each entry from or to others behind `after` and not behind `until`, oldest first."""
    rows = valid_entries().filter(
        account=LedgerEntry.Account.OUTSIDE, occurred_at__gt=after, occurred_at__lte=until
    )
    return sorted(_valued(list(rows.select_related("token__network"))), key=lambda flow: flow.at)


def campaign_costs(campaigns: QuerySet[Campaign]) -> dict[str, Money]:
    """What the fees of each campaign's tasks were worth when they were paid."""
    return {one.slug: _sum(_fees_of(one)) for one in campaigns}


def _fees_of(campaign: Campaign) -> QuerySet[LedgerEntry]:
    rows = valid_entries().filter(kind=K.FEE, transaction__step__run__task__campaigns=campaign)
    return rows.select_related("token__network")


def _sum(rows: Iterable[LedgerEntry]) -> Money:
    """In, less out and fees: a campaign's costs come out below zero."""
    return added(_valued(list(rows)))


def added(flows: Iterable[Flow]) -> Money:
    """The sum; the first of them that nobody knows makes it unknown."""
    total = Decimal(0)
    with localcontext(prec=2 * DIGITS):
        for flow in flows:
            if flow.money.dollars is None:
                return flow.money
            total += flow.money.dollars
    return Money(total)


def _valued(rows: list[LedgerEntry]) -> Iterator[Flow]:
    if not rows:
        return
    moments = [row.occurred_at for row in rows]
    tokens: dict[int, Token] = {row.token_id: row.token for row in rows}
    history = History(tokens, min(moments), max(moments))
    for row in rows:
        value = worth_at(row.amount, row.token, history.at(row.token_id, row.occurred_at))
        if value is None:
            at = f"{row.occurred_at:%Y-%m-%d %H:%M} UTC"
            money = Money(None, f"the price of {row.token} at {at} was not stored")
        else:
            money = Money(value if row.kind == K.IN else -value)
        yield Flow(row.occurred_at, money)
