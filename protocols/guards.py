"""What must hold on floor 2 at the moment of signing."""

from django.db.models import Exists, OuterRef

from protocols.models import Protocol
from wallets.models import Transaction
from wallets.transactions import guards
from wallets.transactions.guards import ALLOWED, Answer, Verdict


def register() -> None:
    """Have every signature ask."""
    guards.register("protocol", check_protocol)


def check_protocol(transaction: Transaction) -> Verdict:
    """Only an enabled protocol, on the networks it is enabled for, has anything signed."""
    slug, network = transaction.protocol, transaction.network
    here = Protocol.networks.through.objects.filter(protocol=OuterRef("pk"), network=network.pk)
    protocol = Protocol.objects.filter(slug=slug).annotate(is_here=Exists(here)).first()
    if protocol is None:
        return Verdict(Answer.REFUSE, f"there is no protocol {slug}; nothing vouches for it")
    if not protocol.enabled:
        return Verdict(Answer.REFUSE, f"{protocol.name} is disabled; enable it first")
    if not protocol.is_here:
        return Verdict(
            Answer.REFUSE, f"{protocol.name} is not enabled on {network.name}; add the network"
        )
    return ALLOWED
