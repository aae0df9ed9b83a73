"""Doing a piece of upkeep, and knowing which is due."""

from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from airdrops_site.models import Operation
from airdrops_site.operations import DONE, Outcome, recorded
from airdrops_site.upkeep.calendar import latest
from airdrops_site.upkeep.works import WORKS, Work
from wallets import leases
from wallets.actors import this_worker
from wallets.models import Installation, Lease

# Whoever is killed leaves the lease until then.
LONGEST = timedelta(hours=2)
AGAIN, MOST_TRIES = timedelta(hours=1), 3


class UpkeepBusy(Exception):
    """Another process is at the same piece."""


def run(work: Work, *, by: str) -> Operation | None:
    """Do it now, whether it is due or not; its row, or None where it wrote none."""
    name, owner = lease_of(work), this_worker()
    if not leases.take(name, owner=owner, duration=LONGEST, rested=False):
        raise UpkeepBusy(f"another process is at {work.kind.value}; try again later")
    began = timezone.now()
    rows = Operation.objects.filter(kind=work.kind, started_at__gte=began).order_by("-pk")
    try:
        _do(work, by)
    finally:
        # What left no row was not even begun: workers let it rest, a person need not.
        leases.release(name, owner=owner, free_from=None if rows.exists() else began + AGAIN)
    return rows.first()


def due(now: datetime) -> list[Work]:
    """What has not been done since its time came, and may be begun now.

    Nothing before the first time after the installation was made: a new one begins with no drill.
    """
    born = Installation.objects.aggregate(at=Min("created_at"))["at"]
    if born is None:
        return []
    found = []
    for work in WORKS:
        since = latest(work.every, now)
        if since is not None and since > born and _is_due(work, since, now):
            found.append(work)
    return found


def lease_of(work: Work) -> str:
    """Held by the process that is at it."""
    return f"upkeep:{work.kind.value}"


def is_under_way(now: datetime) -> bool:
    """Whether any piece is being done: one at a time is enough for a small machine."""
    held = Lease.objects.filter(name__startswith="upkeep:", expires_at__gt=now)
    return held.exclude(owner="").exists()


def _do(work: Work, by: str) -> None:
    if work.keeps_row:
        work.do(by)
        return
    with recorded(work.kind, by=by) as noted:
        if (result := work.do(by)) is not None:
            result.write(noted)


def _is_due(work: Work, since: datetime, now: datetime) -> bool:
    """Not done since; tried three times an hour apart, then left to the next time and to alerts."""
    tries = list(
        Operation.objects.filter(kind=work.kind, started_at__gte=since)
        .order_by("-started_at")
        .values_list("outcome", "started_at")[:MOST_TRIES]
    )
    if any(outcome in (*DONE, Outcome.UNKNOWN) for outcome, _ in tries):
        return False
    if Lease.objects.filter(pk=lease_of(work), expires_at__gt=now).exists():
        return False
    return len(tries) < MOST_TRIES and all(at < now - AGAIN for _, at in tries)
