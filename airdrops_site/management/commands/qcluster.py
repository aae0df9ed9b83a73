"""A cluster of workers with the pulse that wakes them; replaces django-q2's command."""

import ctypes
import multiprocessing
import os
import signal
import sys
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections
from django_q.cluster import Cluster

from airdrops_site.watchdog import Watchdog
from scheduling import pulse
from scheduling.shutdown import still_pending
from wallets import clusters
from wallets.signers.environment import take_keys
from wallets.signers.loading import become_signing_process

log = structlog.get_logger(__name__)

PR_SET_PDEATHSIG = 1
_STOPPING = b"stopping: the jobs in hand are finished, nothing new begins\n"


class Command(BaseCommand):
    """`manage.py qcluster`: any number, on any number of hosts that share one PostgreSQL."""

    help = "Starts a cluster of workers and its pulse."

    def add_arguments(self, parser: CommandParser) -> None:
        """No arguments: everything is a setting."""

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until SIGTERM or SIGINT; finish the jobs in hand first."""
        become_signing_process()
        take_keys()
        cluster_id = _announce()
        watchdog = Watchdog(cluster_id)
        _Leash().lay()
        connections.close_all()
        beating = multiprocessing.get_context("fork").Process(
            target=_pulse, args=(cluster_id,), name="pulse"
        )
        beating.start()
        cluster = Cluster()

        def stop(number: int, frame: FrameType | None) -> None:
            # No new work and no new wake-ups first, then django-q2's own orderly stop.
            clusters.stop_here()
            os.write(2, _STOPPING)
            beating.terminate()
            cluster.sig_handler(number, frame)

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        cluster.start()
        sentinel: Any = cluster.sentinel
        watchdog.ready()
        while sentinel.is_alive():
            sentinel.join(1)
            watchdog.look()
        beating.terminate()
        beating.join()
        clusters.fence(cluster_id)
        self._tell_what_is_left()

    def _tell_what_is_left(self) -> None:
        """For whoever stopped it, and for the log."""
        try:
            left = still_pending()
        except DatabaseError as error:
            self.stderr.write(f"stopped; the database does not say what is pending: {error}")
            return
        log.info("cluster_stopped", **left.as_facts())
        self.stderr.write(f"stopped; still pending, and safe where it is: {left}")


def _announce() -> str:
    try:
        return str(clusters.announce())
    except clusters.SeveralHosts as reason:
        raise CommandError(str(reason), returncode=2) from reason


def _pulse(cluster_id: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    pulse.run(cluster_id)


class _Leash:
    """Children stop by their parent's word alone, and never outlive it.

    A signal to the whole group, as `timeout` and a terminal send it, would end sentinel and workers
    while django-q2 stops them in order, which then waits for ever. Where the system has no word
    for the second, they stay in the parent's group, so that a kill of it reaches them.
    """

    def __init__(self) -> None:
        self.parent = 0

    def lay(self) -> None:
        """For every process that is forked from now on, and what those fork."""
        os.register_at_fork(before=self._remember, after_in_child=self._hold)

    def _remember(self) -> None:
        self.parent = os.getpid()

    def _hold(self) -> None:
        if sys.platform != "linux":
            return
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.parent:
            os._exit(1)  # it died before this was asked for, and nobody would tell
