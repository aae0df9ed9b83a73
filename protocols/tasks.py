"""What the workers run on this floor: looking again at registered contracts."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.utils import timezone

from protocols.checking import WAKEUP, check_network, due_deployments
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.chain.access import allowed_kinds
from wallets.models import Lease, Network

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
# A look is four questions a contract, and a batch is a hundred; the rest has the next turn.
MOST_AT_ONCE = 200


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic(WAKEUP, "protocols.tasks.verify_deployments", _due))


def verify_deployments(network_id: str) -> None:
    """Look at what is due on a network, unless another process is at it."""
    name, owner = _lease_of(network_id), this_worker()
    if not leases.take(name, owner=owner, duration=LEASE):
        return
    try:
        network = Network.objects.get(pk=network_id)
        rows = list(due_deployments().filter(network=network)[:MOST_AT_ONCE])
        for one in check_network(network, rows):
            if not one.verdict.is_fine:
                log.warning("deployment_not_verified", verdict=one.verdict, reason=one.sentence)
    finally:
        leases.release(name, owner=owner)


def _due() -> Iterator[str]:
    due = due_deployments().filter(network__kind__in=allowed_kinds())
    for network_id in sorted(set(due.order_by().values_list("network_id", flat=True))):
        busy = Lease.objects.filter(pk=_lease_of(network_id), expires_at__gt=timezone.now())
        if not busy.exists():
            yield str(network_id)


def _lease_of(network_id: object) -> str:
    return f"{WAKEUP}:{network_id}"
