"""Starting a part anew while everything else goes on: a lane, a watcher, a cluster of workers."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from wallets import clusters
from wallets.models import Lease, Network, NonceLane, WakeUp, WorkerCluster
from wallets.transactions.lanes import lane_state, note_lane
from wallets.transactions.operator import NotPossible, resume_lane
from wallets.transitions import recorded
from wallets.wakeups import wake

CLUSTER_HISTORY = "cluster"
_WATCH = "watch"


def restart_lane(*, lane: NonceLane, actor: str, reason: str, resume: bool = False) -> None:
    """Take the lane from whoever works on it, whose next write fails, and have it looked at.

    A pause stays: it has a reason, and only a person who says so ends it.
    """
    with transaction.atomic():
        row = NonceLane.objects.select_for_update().get(pk=lane.pk)
        NonceLane.objects.filter(pk=row.pk).update(
            lease_epoch=F("lease_epoch") + 1,
            lease_expires_at=None,
            lease_owner="",
            wake_at=timezone.now(),
        )
        note_lane(row, lane_state(row), actor=actor, reason=f"restarted: {reason}")
        wake("tick")
        if resume and row.paused:
            resume_lane(lane=row, actor=actor, reason=reason)


def restart_watcher(*, network: Network, actor: str, reason: str) -> None:
    """Have the network watched at once, whoever is at it: a pass is safe beside another."""
    key = f"{_WATCH}:{network.pk}"
    with transaction.atomic():
        Lease.objects.filter(pk=key).update(owner="", expires_at=None)
        WakeUp.objects.filter(key=key).update(enqueued_at=None)
        told = f"watcher restarted: {reason}"
        recorded("network", network.pk, "", _WATCH, actor=actor, reason=told)
        wake(_WATCH, str(network.pk))


def restart_workers(*, named: str, actor: str, reason: str) -> list[WorkerCluster]:
    """End clusters in order: `host:pid`, an id, or all; whoever supervises them starts new ones."""
    alive = list(WorkerCluster.objects.filter(fenced_at=None))
    chosen = [row for row in alive if named in ("all", str(row), str(row.pk))]
    if not chosen:
        known = ", ".join(map(str, alive)) or "none"
        raise NotPossible(f"there is no cluster {named}; alive are {known}")
    with transaction.atomic():
        for row in chosen:
            clusters.fence(row.pk)
            told = f"{row} restarted: {reason}"
            recorded(CLUSTER_HISTORY, row.pid, "alive", "ended", actor=actor, reason=told)
    return chosen
