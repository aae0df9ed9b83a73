"""Questions to the books."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from analytics.history import LEDGER
from analytics.models import LedgerCursor, LedgerEntry, Unbooked
from wallets.amounts import SumAmount
from wallets.models import Token, Transition, Wallet
from wallets.transactions.states import TransactionState as S


@dataclass(frozen=True, slots=True)
class TokenTotals:
    """All that came and went of a token, in base units; transfers between our wallets are both."""

    token: Token
    inflow: int
    outflow: int
    fee: int

    @property
    def net(self) -> int:
        """What is more, or less, than before."""
        return self.inflow - self.outflow - self.fee


def valid_entries() -> QuerySet[LedgerEntry]:
    """The entries that count: provisional and final ones."""
    return LedgerEntry.objects.exclude(status=LedgerEntry.Status.REVERSED).order_by()


def balance_change(*, wallet: Wallet, token: Token) -> int:
    """What the books say the wallet's balance changed by, in base units."""
    entries = valid_entries().filter(wallet=wallet, token=token)
    grouped = entries.values("kind").annotate(total=SumAmount("amount"))
    sums = dict(grouped.values_list("kind", "total"))
    return sums.get("in", 0) - sums.get("out", 0) - sums.get("fee", 0)


def totals_by_token() -> list[TokenTotals]:
    """The totals of every token in the books, in the order of networks and symbols."""
    grouped = valid_entries().values("token", "kind").annotate(total=SumAmount("amount"))
    sums: dict[int, dict[str, int]] = defaultdict(dict)
    for token_id, kind, total in grouped.values_list("token", "kind", "total"):
        sums[token_id][kind] = total
    tokens = Token.objects.filter(pk__in=sums).select_related("network")
    return [
        TokenTotals(token, *(sums[token.pk].get(kind, 0) for kind in ("in", "out", "fee")))
        for token in tokens.order_by("network__chain_id", "symbol", "pk")
    ]


def unbooked_transactions() -> int:
    """How many confirmed transactions the books do not have yet: not read, or not bookable."""
    read = LedgerCursor.objects.filter(pk=LEDGER).values_list("position", flat=True).first()
    unread = Transition.objects.filter(
        pk__gt=read or 0, subject="transaction", to_state__in=(S.CONFIRMED, S.FINAL)
    )
    counted = unread.exclude(subject_id__in=Unbooked.objects.values("transaction"))
    waiting: int = counted.aggregate(n=Count("subject_id", distinct=True))["n"]
    return Unbooked.objects.count() + waiting
