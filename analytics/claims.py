"""Claims that the chain has settled."""

from analytics.models import Claim
from wallets.models import Transaction
from wallets.transactions.states import Outcome
from wallets.transactions.states import TransactionState as S


def record_claim(*, row: Transaction) -> None:
    """Mark the claim behind a claiming transaction claimed, or claimable again if undone."""
    if row.action != "merkle-claim":
        return
    claims = Claim.objects.filter(wallet=row.lane.wallet, network=row.network, contract=row.to)
    if row.state in (S.CONFIRMED, S.FINAL) and row.outcome == Outcome.SUCCEEDED:
        claims.filter(status=Claim.Status.CLAIMABLE).update(
            status=Claim.Status.CLAIMED, transaction=row
        )
    else:
        claims.filter(status=Claim.Status.CLAIMED, transaction=row).update(
            status=Claim.Status.CLAIMABLE, transaction=None
        )
