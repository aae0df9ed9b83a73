"""How the workers do upkeep: the pulse asks once a minute, and what is due runs beside them.

A job may take a minute and a restore drill takes longer, so the job starts `manage.py upkeep run`
as a process of its own and is done. That process holds the lease of its piece.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from airdrops_site.upkeep.running import due, is_under_way
from airdrops_site.upkeep.works import Work
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

log = structlog.get_logger(__name__)

NAME = "upkeep"
# Longer than a process takes from its start to its lease.
EVERY = timedelta(minutes=1)


def register_wakeups() -> None:
    """Register it with the pulse."""
    wakeups.register(wakeups.Periodic(NAME, "airdrops_site.upkeep.jobs.begin", asked))


def begin() -> None:
    """Start the first piece that is due, unless one is under way."""
    owner = this_worker()
    if not leases.take(NAME, owner=owner, duration=EVERY):
        return
    now = timezone.now()
    if not is_under_way(now) and (found := due(now)):
        start(found[0])
        log.info("upkeep_started", kind=found[0].kind.value)
    leases.release(NAME, owner=owner, free_from=now + EVERY)


def start(work: Work) -> subprocess.Popen[bytes]:
    """A process of its own session; its output is the worker's, its result a row."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "upkeep", "run", work.kind.value, "--by", this_worker()],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ.copy(),
        start_new_session=True,
    )


def asked() -> Iterator[str]:
    """Once a minute, unless AIRDROPS_MAINTENANCE says no."""
    if not settings.MAINTENANCE:
        return
    if not Lease.objects.filter(pk=NAME, expires_at__gt=timezone.now()).exists():
        yield ""
