"""What became of tokens that a campaign brought: first in, first out, wherever they went.

Lots follow tokens from one wallet of ours to another, and into protocols and back out. They end
where a token is exchanged or sent to somebody else: that is what "sold" means here. What crosses a
bridge is another token there and is not followed.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from wallets.models import Wallet

K, A = LedgerEntry.Kind, LedgerEntry.Account
Place = tuple[int, int]  # wallet and token


@dataclass(slots=True)
class _Lot:
    amount: int
    origin: int | None  # the wallet that the campaign gave it to; None for what is not of it


@dataclass(frozen=True, slots=True)
class Sale:
    """So much of what the campaign gave to `wallet` left with this entry, in base units."""

    wallet: int
    amount: int
    entry: LedgerEntry


class _Lots:
    """Queues of lots: what each wallet holds of a token, and what protocols hold of it for us."""

    def __init__(self) -> None:
        self._queues: dict[object, deque[_Lot]] = defaultdict(deque)

    def put(self, place: object, lots: list[_Lot]) -> None:
        self._queues[place].extend(lots)

    def take(self, place: object, amount: int) -> list[_Lot]:
        """The oldest, in all so much; what the books have not seen arrive is of no campaign."""
        queue, taken = self._queues[place], []
        while amount and queue:
            lot = queue[0]
            part = min(lot.amount, amount)
            taken.append(_Lot(part, lot.origin))
            lot.amount -= part
            amount -= part
            if not lot.amount:
                queue.popleft()
        return [*taken, _Lot(amount, None)] if amount else taken


def sales(*, campaign_id: int, tokens: Collection[int]) -> Iterator[Sale]:
    """Every sale of what the campaign gave, the oldest first."""
    lots, own = _Lots(), dict(Wallet.objects.values_list("address", "pk"))
    for _, group in groupby(_entries(tokens).iterator(chunk_size=2000), key=_together):
        # What left is taken before it is put where it came: both may be of one transaction.
        entries = sorted(group, key=lambda one: one.kind == K.IN)
        for entry in entries:
            if entry.kind == K.IN:
                _arrive(lots, entry, campaign_id, own)
            else:
                yield from _leave(lots, entry, own)


def _entries(tokens: Collection[int]) -> QuerySet[LedgerEntry]:
    rows = valid_entries().filter(token__in=tokens).select_related("transfer")
    block = Coalesce("block_number", "receipt__block_number", "transfer__block_number")
    return rows.order_by("token", "occurred_at", block, "transaction", "transfer__hash", "ordinal")


def _together(entry: LedgerEntry) -> tuple[object, ...]:
    """What moved in one transaction."""
    cause = entry.transaction_id or (entry.transfer.hash if entry.transfer else -entry.pk)
    return entry.token_id, entry.occurred_at, cause


def _arrive(lots: _Lots, entry: LedgerEntry, campaign_id: int, own: dict[str, int]) -> None:
    place = entry.wallet_id, entry.token_id
    if _is_own(entry, own):
        lots.put(place, lots.take(("under way", entry.token_id, entry.wallet_id), entry.amount))
    elif entry.account == A.PROTOCOL:
        lots.put(place, lots.take(("inside", *place), entry.amount))
    else:
        origin = entry.wallet_id if entry.campaign_id == campaign_id else None
        lots.put(place, [_Lot(entry.amount, origin)])


def _leave(lots: _Lots, entry: LedgerEntry, own: dict[str, int]) -> Iterator[Sale]:
    place = entry.wallet_id, entry.token_id
    taken = lots.take(place, entry.amount)
    if _is_own(entry, own):
        lots.put(("under way", entry.token_id, own.get(entry.counterparty)), taken)
    elif entry.account == A.PROTOCOL:
        lots.put(("inside", *place), taken)
    elif entry.account in (A.TRADE, A.OUTSIDE) and entry.kind == K.OUT:
        for lot in taken:
            if lot.origin is not None:
                yield Sale(lot.origin, lot.amount, entry)


def _is_own(entry: LedgerEntry, own: dict[str, int]) -> bool:
    return entry.kind != K.FEE and (entry.account == A.OWN or entry.counterparty in own)
