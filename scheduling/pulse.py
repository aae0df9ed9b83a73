"""The pulse: once a second, one process asks for what is due and makes up what was lost."""

import os
import signal
import time
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection

from wallets import clusters, leases, wakeups
from wallets.models import Lease
from wallets.stop_file import engage_for_file

log = structlog.get_logger(__name__)

EVERY = 1.0
LEASE = timedelta(seconds=5)
BEAT_EVERY = 3.0


def run(cluster: str) -> None:
    """Beat until the parent process is gone."""
    parent = os.getppid()
    last_beat = 0.0
    wakeups.register(wakeups.Periodic("beat", "wallets.clusters.answer_beat", tuple))
    while os.getppid() == parent:
        started = time.monotonic()
        try:
            if started - last_beat >= BEAT_EVERY:
                if clusters.is_fenced(cluster):
                    # Asked to make room for a new one: in order, with the jobs in hand.
                    os.kill(parent, signal.SIGTERM)
                    return
                # Answered by a worker: the heartbeat shows that real work gets done.
                wakeups.request("beat", cluster)
                last_beat = started
            # Of this host: not only of the one whose pulse it is.
            engage_for_file()
            if leases.take("pulse", owner=cluster, duration=LEASE):
                ask_for_what_is_due()
        except DatabaseError as error:
            log.warning("pulse_missed", reason=type(error).__name__)
            connection.close()
        time.sleep(max(0.0, EVERY - (time.monotonic() - started)))


def ask_for_what_is_due() -> None:
    """Request a job for every piece of repeating work that has something to do."""
    for periodic in wakeups.registered():
        for argument in periodic.due():
            wakeups.request(periodic.name, argument)


def is_held() -> bool:
    """Whether some cluster's pulse is beating now."""
    from django.utils import timezone

    return Lease.objects.filter(pk="pulse", expires_at__gt=timezone.now()).exists()
