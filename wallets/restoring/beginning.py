"""The first moment of a restored database: whose it is now, and that nothing of it runs."""

import uuid

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from wallets import wakeups
from wallets.models import Installation, Lease, Network, NonceLane, WakeUp, WorkerCluster
from wallets.services import pause_installation
from wallets.transactions.lanes import LANE_HISTORY
from wallets.transactions.stop import wait_for_signatures
from wallets.transitions import recorded_all


def claim_paused(*, reason: str, actor: str) -> tuple[uuid.UUID, uuid.UUID, list[int]]:
    """Give the database an id of its own and pause it and its lanes, all or nothing.

    The id it had, the id it has, and the lanes that were open. Workers that are still alive on
    this database find their cluster fenced, their leases gone and every lane at a newer epoch.
    """
    with transaction.atomic():
        wait_for_signatures()
        old, new = Installation.objects.get().pk, uuid.uuid4()
        Installation.objects.update(id=new)
        pause_installation(reason=reason, actor=actor)
        paused = _pause_lanes(reason, actor)
        _forget_processes()
    return old, new, paused


def _pause_lanes(reason: str, actor: str) -> list[int]:
    lanes = NonceLane.objects.select_for_update().filter(paused=False).order_by("pk")
    keys = list(lanes.values_list("pk", flat=True))
    NonceLane.objects.filter(paused=False).update(paused=True, pause_reason=reason[:300])
    recorded_all(LANE_HISTORY, keys, "open", "paused", reason=reason, actor=actor)
    return keys


def _forget_processes() -> None:
    """What processes of another time held or had asked for."""
    now = timezone.now()
    NonceLane.objects.update(
        lease_owner="", lease_expires_at=None, lease_epoch=F("lease_epoch") + 1, wake_at=now
    )
    Lease.objects.all().delete()
    WorkerCluster.objects.filter(fenced_at=None).update(fenced_at=now)
    WakeUp.objects.update(enqueued_at=None, started_at=None, in_hand=0)
    wakeups.forget_queue()
    # Blocks are read anew, though the newest may be the one the backup has seen.
    Network.objects.update(watched_head="", watched_at=None)
