"""The clusters of workers that are alive, as their own work shows."""

import os
import socket
import time
import uuid
from datetime import timedelta

from django.utils import timezone

from wallets.models import WorkerCluster

# Set by `qcluster` before it forks, so that every worker knows whose it is.
CLUSTER_VARIABLE = "AIRDROPS_CLUSTER_ID"
BEAT_EVERY = 1.0
STALE_AFTER = timedelta(seconds=30)

_last_beat = 0.0


def announce() -> uuid.UUID:
    """Register this process as a cluster, for its workers to beat for."""
    cluster = uuid.uuid4()
    os.environ[CLUSTER_VARIABLE] = str(cluster)
    WorkerCluster.objects.create(
        id=cluster, host=socket.gethostname(), pid=os.getpid(), started_at=timezone.now()
    )
    return cluster


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


def fence(cluster: uuid.UUID | str) -> None:
    """Declare a cluster ended: workers of it that are still alive stop at their next job."""
    WorkerCluster.objects.filter(pk=cluster, fenced_at__isnull=True).update(
        fenced_at=timezone.now()
    )


def answer_beat(_cluster: str) -> None:
    """The job behind a cluster's heartbeat; the runner of jobs has beaten already."""
