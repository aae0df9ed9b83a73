"""What came from outside and went there, as the books have it; and what campaigns have cost.

Outside is whatever what all is worth does not count: others, and wallets of ours before they were.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import QuerySet

from analytics.counted import Cell, begun_behind
from analytics.models import Campaign, CountedBalance, LedgerEntry
from analytics.selectors import valid_entries
from wallets.amounts import DIGITS
from wallets.models import Token, Wallet
from wallets.price_history import History
from wallets.prices import worth_at

K, A = LedgerEntry.Kind, LedgerEntry.Account


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
    """Each entry from or to others behind `after` and not behind `until`, oldest first.

    With what wallets held when they began to be counted; what they did before is no flow.
    """
    uncounted, others = beside_entries(after, until)
    rows = _between(after, until).filter(account=A.OUTSIDE).select_related("token__network")
    flows = [*_valued([row for row in rows if row.pk not in uncounted]), *others]
    return sorted(flows, key=lambda flow: flow.at)


def beside_entries(after: datetime, until: datetime) -> tuple[set[int], list[Flow]]:
    """Entries from or to others that are no flows, and flows that are no such entries.

    Both are of balances that began to be counted in that time; mostly there are none.
    """
    late = begun_behind(after)
    if not late:
        return set(), []
    wallets, tokens = {wallet for wallet, _ in late}, {token for _, token in late}
    between = _between(after, until).filter(token__in=tokens)
    outside = between.filter(account=A.OUTSIDE, wallet__in=wallets)
    uncounted = {row.pk for row in outside if not _counts(row, late)}
    left = _valued(_left_for_later(between, late))
    return uncounted, [*left, *_brought(row for row in late.values() if row.at <= until)]


def _between(after: datetime, until: datetime) -> QuerySet[LedgerEntry]:
    return valid_entries().filter(occurred_at__gt=after, occurred_at__lte=until)


def _counts(row: LedgerEntry, late: Mapping[Cell, CountedBalance], wallet: int = 0) -> bool:
    """Whether the wallet's balance was counted when it happened; without one, the entry's."""
    begun = late.get((wallet or row.wallet_id, row.token_id))
    return begun is None or row.block_number is None or row.block_number > begun.block_number


def _left_for_later(
    between: QuerySet[LedgerEntry], late: Mapping[Cell, CountedBalance]
) -> list[LedgerEntry]:
    """What went between a wallet that was counted and another of ours that was not yet."""
    owners = Wallet.objects.filter(pk__in={wallet for wallet, _ in late})
    own = dict(owners.values_list("address", "pk"))
    rows = between.filter(account=A.OWN, counterparty__in=own)
    return [
        row
        for row in rows.select_related("token__network")
        if _counts(row, late) and not _counts(row, late, own[row.counterparty])
    ]


def _brought(begun: Iterable[CountedBalance]) -> Iterator[Flow]:
    """What was there as it began to be counted; of what has no price, dust is nothing."""
    rows = [row for row in begun if row.amount]
    entries = [
        LedgerEntry(token=row.token, kind=K.IN, amount=row.amount, occurred_at=row.at)
        for row in rows
    ]
    for row, flow in zip(rows, _valued(entries), strict=True):
        if flow.money.dollars is not None or row.amount > row.token.kept_as_dust:
            yield flow


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
