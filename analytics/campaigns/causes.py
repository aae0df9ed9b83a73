"""What a hash that claimed is here: a transaction of ours, or a transfer that the chain told."""

from collections.abc import Sequence

from analytics.models import ChainTransfer, Claim
from wallets.models import Receipt


def link_causes(claims: Sequence[Claim]) -> None:
    """Set the transaction or the transfer of claims by their hashes, where one is known."""
    hashes = {claim.claimed_hash for claim in claims}
    if not hashes:
        return
    receipts = Receipt.objects.filter(attempt__hash__in=hashes, canonical=True, succeeded=True)
    own = dict(receipts.values_list("attempt__hash", "transaction"))
    transfers = ChainTransfer.objects.filter(hash__in=hashes, direction="in").order_by("-place")
    names = ("network_id", "wallet_id", "hash")
    told = {tuple(row[:3]): row[3] for row in transfers.values_list(*names, "pk")}
    for claim in claims:
        claim.transaction_id = own.get(claim.claimed_hash)
        place = (claim.network_id, claim.wallet_id, claim.claimed_hash)
        claim.transfer_id = None if claim.transaction_id else told.get(place)
