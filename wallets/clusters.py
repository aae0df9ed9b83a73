"""The clusters of workers that are alive, as their own work shows."""

import os
import time
import uuid
from datetime import timedelta
from multiprocessing.sharedctypes import RawValue

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from wallets.models import WorkerCluster

# Set by `qcluster` before it forks, so that every worker knows whose it is.
CLUSTER_VARIABLE = "AIRDROPS_CLUSTER_ID"
BEAT_EVERY = 1.0
STALE_AFTER = timedelta(seconds=30)

# Shared with the workers that are forked after it, and without a lock that a killed one could keep.
_stopping = RawValue("b", 0)
_last_beat = 0.0


class SeveralHosts(Exception):
    """Clusters of more than one host would share a SQLite file; one sentence."""


def announce() -> uuid.UUID:
    """Register this process as a cluster, for its workers to beat for; or SeveralHosts."""
    cluster = uuid.uuid4()
    # One writer at a time on SQLite: of two hosts that start together one sees the other.
    with transaction.atomic():
        if reason := several_hosts(settings.HOST_NAME):
            raise SeveralHosts(reason)
        WorkerCluster.objects.create(
            id=cluster,
            host=settings.HOST_NAME,
            pid=os.getpid(),
            workers=settings.WORKERS,
            started_at=timezone.now(),
        )
    os.environ[CLUSTER_VARIABLE] = str(cluster)
    return cluster


def several_hosts(own: str = "") -> str:
    """Why the clusters that are alive, and `own` host, may not share this database; or empty."""
    if connection.vendor != "sqlite":
        return ""
    found = {row.host: row for row in _alive()}
    others = ", ".join(str(row) for host, row in sorted(found.items()) if host != own)
    if len({own, *found} - {""}) < 2:
        return ""
    here = f"this is {own}, and {others}" if own else others
    return (
        f"SQLite serves one host only: {here} is alive at the same file; set DATABASE_URL to a "
        "PostgreSQL, or give processes of one machine the same AIRDROPS_HOST_NAME"
    )


def live_workers() -> int:
    """How many worker processes there are, on all hosts; a dead cluster's count for a while."""
    return int(_alive().order_by().aggregate(total=Sum("workers"))["total"] or 0)


def _alive() -> QuerySet[WorkerCluster]:
    since = timezone.now() - STALE_AFTER
    last_seen = Coalesce(F("beat_at"), F("started_at"))
    return WorkerCluster.objects.filter(fenced_at=None).alias(seen=last_seen).filter(seen__gt=since)


def beat() -> None:
    """Note that a worker of this cluster does its work; a fenced cluster's worker ends here."""
    global _last_beat
    cluster = os.environ.get(CLUSTER_VARIABLE)
    if not cluster or time.monotonic() - _last_beat < BEAT_EVERY:
        return
    alive = WorkerCluster.objects.filter(pk=cluster, fenced_at__isnull=True)
    if not alive.update(beat_at=timezone.now()):
        # Declared dead while it lived on: another has its place. End without touching a row.
        os._exit(3)
    _last_beat = time.monotonic()


def stop_here() -> None:
    """Have the workers of this cluster finish what is in their hands and begin nothing."""
    _stopping.value = 1


def is_stopping() -> bool:
    """Whether this cluster was told to stop."""
    return bool(_stopping.value)


def fence(cluster: uuid.UUID | str) -> None:
    """Declare a cluster ended: workers of it that are still alive stop at their next job."""
    WorkerCluster.objects.filter(pk=cluster, fenced_at__isnull=True).update(
        fenced_at=timezone.now()
    )


def is_fenced(cluster: uuid.UUID | str) -> bool:
    """Whether it was declared ended."""
    return WorkerCluster.objects.filter(pk=cluster, fenced_at__isnull=False).exists()


def answer_beat(_cluster: str) -> None:
    """The job behind a cluster's heartbeat; the runner of jobs has beaten already."""
