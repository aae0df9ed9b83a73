"""What must hold on floor 2 at the moment of signing."""

from django.db.models import Exists, OuterRef

from protocols.models import Protocol
from wallets.models import SignedRequest, Transaction
from wallets.transactions import guards
from wallets.transactions.guards import ALLOWED, Answer, Verdict


def register() -> None:
    """Have every signature ask."""
    guards.register("protocol", check_protocol)
    guards.register_for_requests("protocol", check_protocol_of_request)


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


def check_protocol_of_request(request: SignedRequest) -> Verdict:
    """Only an enabled protocol has requests signed, on the networks it is enabled for."""
    protocol = Protocol.objects.filter(slug=request.protocol).first()
    if protocol is None:
        return Verdict(
            Answer.REFUSE, f"there is no protocol {request.protocol}; nothing vouches for it"
        )
    if not protocol.enabled:
        return Verdict(Answer.REFUSE, f"{protocol.name} is disabled; enable it first")
    network = request.network
    if network is not None and not protocol.networks.filter(pk=network.pk).exists():
        return Verdict(
            Answer.REFUSE, f"{protocol.name} is not enabled on {network.name}; add the network"
        )
    return ALLOWED
