"""Tell systemd that a cluster is ready, and for as long as its workers do their work.

The protocol is sd_notify(3): a datagram to the socket that NOTIFY_SOCKET names. Without that
variable (under quickstart, in a shell) nothing is told to anybody.
"""

import os
import socket
import time
from contextlib import suppress

from django.db import DatabaseError, connection
from django.utils import timezone

from wallets import clusters
from wallets.models import WorkerCluster

LOOK_EVERY = 5.0


class Watchdog:
    """Of one cluster, in its main process."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        # A child that inherited it could speak for a cluster that is wedged.
        self.address = os.environ.pop("NOTIFY_SOCKET", "")
        self._next_look = 0.0

    def ready(self) -> None:
        """The cluster was started."""
        self._tell("READY=1")

    def look(self) -> None:
        """Every few seconds: tell that it lives, if it does."""
        if self.address and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_EVERY
            if self._lives():
                self._tell("WATCHDOG=1")

    def _lives(self) -> bool:
        """Whether a worker has beaten lately. A database that is away is not its fault."""
        if clusters.is_stopping():
            return True
        try:
            row = WorkerCluster.objects.filter(pk=self.cluster).first()
        except DatabaseError:
            connection.close()
            return True
        if row is None:
            return False
        return timezone.now() - (row.beat_at or row.started_at) <= clusters.STALE_AFTER

    def _tell(self, state: str) -> None:
        if not self.address:
            return
        # Names that begin with @ are of the abstract namespace.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(state.encode(), address)
