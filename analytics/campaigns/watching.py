"""What the workers run for campaigns: look again for receipts in what was told meanwhile."""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.utils import timezone

from analytics.campaigns.receiving import record_receipts
from analytics.models import Campaign
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

log = structlog.get_logger(__name__)

NAME, EVERY, LEASE = "receipts", timedelta(minutes=1), timedelta(seconds=60)


def find_receipts() -> None:
    """Once a minute, by whoever is first."""
    owner = this_worker()
    if not leases.take(NAME, owner=owner, duration=LEASE):
        return
    try:
        found = record_receipts()
        if found.claims or found.entries:
            log.info("receipts_found", claims=found.claims, entries=found.entries)
    finally:
        leases.release(NAME, owner=owner, free_from=timezone.now() + EVERY)


def _due() -> Iterator[str]:
    busy = Lease.objects.filter(pk=NAME, expires_at__gt=timezone.now())
    if not busy.exists() and Campaign.objects.exists():
        yield ""


PERIODIC = wakeups.Periodic(NAME, "analytics.campaigns.watching.find_receipts", _due)
