"""Questions to the books."""

from analytics.models import LedgerEntry
from wallets.amounts import SumAmount
from wallets.models import Token, Wallet


def balance_change(*, wallet: Wallet, token: Token) -> int:
    """What the books say the wallet's balance changed by, in base units."""
    sums = dict(
        LedgerEntry.objects.filter(wallet=wallet, token=token)
        .exclude(status=LedgerEntry.Status.REVERSED)
        .order_by()
        .values("kind")
        .annotate(total=SumAmount("amount"))
        .values_list("kind", "total")
    )
    return sums.get("in", 0) - sums.get("out", 0) - sums.get("fee", 0)
