"""What the workers run on this floor: looking again at contracts, reading positions."""

import time
from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from protocols.checking import WAKEUP, check_network, due_deployments
from protocols.position_readings import due_readings, read_positions
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.chain.access import allowed_kinds
from wallets.chain.client import NetworkClient
from wallets.models import Lease, Network

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
# A look is four questions a contract, and a batch is a hundred; the rest has the next turn.
MOST_AT_ONCE = 200
POSITIONS_AT_ONCE, POSITION_JOB_SECONDS = 100, 10.0


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic(WAKEUP, "protocols.tasks.verify_deployments", _due))
    wakeups.register(
        wakeups.Periodic("positions", "protocols.tasks.read_wallet_positions", _positions_due)
    )


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


def read_wallet_positions(network_id: str) -> None:
    """Read for a while what wallets have inside protocols on a network; another job does the rest.

    The longest waiting first.
    """
    name, owner = f"positions:{network_id}", this_worker()
    if not leases.take(name, owner=owner, duration=LEASE):
        return
    ends_at = time.monotonic() + POSITION_JOB_SECONDS
    try:
        client = NetworkClient(Network.objects.get(pk=network_id))
        rows = due_readings().filter(network_id=network_id).order_by("look_at")
        for one in rows.select_related("wallet", "network", "protocol")[:POSITIONS_AT_ONCE]:
            read_positions(one, client)
            if time.monotonic() >= ends_at:
                return
    finally:
        leases.release(name, owner=owner)


def _positions_due() -> Iterator[str]:
    if not settings.POSITION_SECONDS:
        return
    due = due_readings().order_by().values_list("network_id", flat=True).distinct()
    for network_id in due:
        busy = Lease.objects.filter(pk=f"positions:{network_id}", expires_at__gt=timezone.now())
        if not busy.exists():
            yield str(network_id)


def _due() -> Iterator[str]:
    due = due_deployments().filter(network__kind__in=allowed_kinds())
    for network_id in sorted(set(due.order_by().values_list("network_id", flat=True))):
        busy = Lease.objects.filter(pk=_lease_of(network_id), expires_at__gt=timezone.now())
        if not busy.exists():
            yield str(network_id)


def _lease_of(network_id: object) -> str:
    return f"{WAKEUP}:{network_id}"
