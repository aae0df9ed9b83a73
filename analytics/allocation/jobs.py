"""What the workers do about rebalances: end old proposals, and write down what became of others."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from analytics.allocation.approving import APPROVAL_HOLDS, expire_old
from analytics.allocation.events import close_events, open_events
from analytics.allocation.states import RebalanceState
from analytics.models import Rebalance
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

LEASE, PAUSE = timedelta(seconds=60), timedelta(seconds=30)
NAME = "rebalances"
S = RebalanceState


def register_wakeups() -> None:
    """Have the pulse ask."""
    wakeups.register(wakeups.Periodic(NAME, "analytics.allocation.jobs.look_after", _due))


def look_after() -> None:
    """Both; the next look is a while later."""
    owner = this_worker()
    if not leases.take(NAME, owner=owner, duration=LEASE):
        return
    try:
        expire_old()
        close_events()
    finally:
        leases.release(NAME, owner=owner, free_from=timezone.now() + PAUSE)


def _due() -> Iterator[str]:
    now = timezone.now()
    if Lease.objects.filter(pk=NAME, expires_at__gt=now).exists():
        return
    old = Rebalance.objects.filter(state=S.PROPOSED, expires_at__lte=now)
    late = Rebalance.objects.filter(state=S.APPROVED, approved_at__lte=now - APPROVAL_HOLDS)
    if open_events().exists() or old.exists() or late.exists():
        yield ""
