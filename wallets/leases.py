"""Rights held by one process at a time, taken by compare-and-set; the same on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from wallets.actors import this_worker
from wallets.models import Lease, NonceLane

# Short, so that the lane of a killed process is soon worked again. A holder that needs longer goes
# on as long as nobody has taken the lane: the epoch decides, not the clock.
LANE_LEASE = timedelta(seconds=8)


class LeaseLost(Exception):
    """Another process has the lane now: stop at once, its writes count and ours do not."""


@contextmanager
def lane_lease(lane_id: int) -> Iterator[NonceLane | None]:
    """The lane with a fresh lease and epoch, or None while another process works on it."""
    now = timezone.now()
    free = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=now)
    taken = NonceLane.objects.filter(free, pk=lane_id).update(
        lease_owner=this_worker(),
        lease_expires_at=now + LANE_LEASE,
        lease_epoch=F("lease_epoch") + 1,
    )
    if not taken:
        yield None
        return
    lane = NonceLane.objects.select_related("wallet", "network").get(pk=lane_id)
    try:
        yield lane
    finally:
        NonceLane.objects.filter(pk=lane_id, lease_epoch=lane.lease_epoch).update(
            lease_expires_at=None, lease_owner=""
        )


def hold_lane(lane: NonceLane) -> NonceLane:
    """Inside a database transaction: lock the lane and make sure the lease is still ours.

    Whether it is paused is read with the lock: a person may have paused it since the turn began.
    """
    mine = NonceLane.objects.select_for_update().filter(pk=lane.pk, lease_epoch=lane.lease_epoch)
    # Unordered: the model's own order would join, and lock, the wallet and the network as well.
    found = list(mine.order_by().values_list("paused", flat=True))
    if not found:
        raise LeaseLost(f"the lease of lane {lane} is lost")
    lane.paused = found[0]
    return lane


def extend_lane(lane: NonceLane, duration: timedelta) -> None:
    """Keep the lane for so much longer from now; LeaseLost if another process has it."""
    mine = NonceLane.objects.filter(pk=lane.pk, lease_epoch=lane.lease_epoch)
    if not mine.update(lease_expires_at=timezone.now() + duration):
        raise LeaseLost(f"the lease of lane {lane} is lost")


def take(name: str, *, owner: str, duration: timedelta, rested: bool = True) -> bool:
    """Take or extend the named lease; with `rested=False` also while it is nobody's and rests."""
    Lease.objects.get_or_create(name=name)
    now = timezone.now()
    free = Q(expires_at__isnull=True) | Q(expires_at__lt=now) | Q(owner=owner)
    if not rested:
        free |= Q(owner="")
    return bool(Lease.objects.filter(free, pk=name).update(owner=owner, expires_at=now + duration))


def release(name: str, *, owner: str, free_from: datetime | None = None) -> None:
    """Give the lease back; others may take it from `free_from` on."""
    Lease.objects.filter(pk=name, owner=owner).update(owner="", expires_at=free_from)
