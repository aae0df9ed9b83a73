"""What must hold on floor 2 at the moment of signing."""

from collections.abc import Sequence

from protocols.call_guard import check_calls
from protocols.models import Protocol
from wallets.models import SignedRequest, Transaction
from wallets.transactions import guards
from wallets.transactions.guards import ALLOWED, Answer, Verdict


def register() -> None:
    """Have every signature ask."""
    guards.register("protocol", check_protocols)
    guards.register("calls", check_calls)
    guards.register_for_requests("protocol", check_protocol_of_request)


def check_protocols(transactions: Sequence[Transaction]) -> dict[int, Verdict]:
    """Only an enabled protocol, on the networks it is enabled for, has anything signed."""
    slugs = {transaction.protocol for transaction in transactions}
    protocols = Protocol.objects.filter(slug__in=slugs).prefetch_related("networks")
    by_slug = {protocol.slug: protocol for protocol in protocols}
    return {one.pk: _verdict(by_slug.get(one.protocol), one) for one in transactions}


def _verdict(protocol: Protocol | None, transaction: Transaction) -> Verdict:
    network = transaction.network
    if protocol is None:
        return Verdict(
            Answer.REFUSE, f"there is no protocol {transaction.protocol}; nothing vouches for it"
        )
    if not protocol.enabled:
        return Verdict(Answer.REFUSE, f"{protocol.name} is disabled; enable it first")
    if network.pk not in {one.pk for one in protocol.networks.all()}:
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
