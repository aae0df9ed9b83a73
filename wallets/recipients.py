"""Who may receive: our own wallets whose keys have signed, and the listed safe addresses."""

from django.db.models import Q, QuerySet

from wallets.models import Wallet


def own_recipients() -> QuerySet[Wallet]:
    """The wallets that value may go to. A key that never signed may be nobody's."""
    proven = Q(status=Wallet.Status.VERIFIED) & ~Q(signer_kind=Wallet.SignerKind.WATCH_ONLY)
    return Wallet.objects.filter(proven | Q(safe_address=True))
