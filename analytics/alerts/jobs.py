"""What the workers do about alerts: look every few seconds, and send what was written."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from analytics.alerts.evaluating import evaluate
from analytics.alerts.job_marks import mark_jobs
from analytics.alerts.notices import SENDING
from analytics.alerts.sending import due_channels, send_channel
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

NAME = "alerts"
LEASE = timedelta(minutes=1)


def register_wakeups() -> None:
    """Register both with the pulse."""
    wakeups.register(wakeups.Periodic(NAME, "analytics.alerts.jobs.look", _due))
    wakeups.register(wakeups.Periodic(SENDING, "analytics.alerts.jobs.send", _to_send))


def look() -> None:
    """One look, by one worker at a time."""
    owner = this_worker()
    if not leases.take(NAME, owner=owner, duration=LEASE):
        return
    try:
        mark_jobs(timezone.now())
        evaluate()
    finally:
        again = timezone.now() + timedelta(seconds=settings.ALERT_SECONDS)
        leases.release(NAME, owner=owner, free_from=again)


def send(channel: str) -> None:
    """What is due for the channel; one job at a time keeps to its rate."""
    name, owner = f"{SENDING}:{channel}", this_worker()
    if not leases.take(name, owner=owner, duration=LEASE):
        return
    try:
        send_channel(channel)
    finally:
        leases.release(name, owner=owner)


def _due() -> Iterator[str]:
    busy = Lease.objects.filter(pk=NAME, expires_at__gt=timezone.now())
    if settings.ALERT_SECONDS and not busy.exists():
        yield ""


def _to_send() -> list[str]:
    return due_channels(timezone.now()) if settings.ALERT_SECONDS else []
