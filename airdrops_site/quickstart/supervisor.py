"""One parent over devnet, workers and web: starts them, restarts them, ends them in order."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog
from django.db import connection
from django.utils import timezone

from airdrops_site.devnet.anvil import Anvil
from airdrops_site.quickstart.children import Child
from airdrops_site.quickstart.errors import QuickstartError
from wallets import clusters
from wallets.models import WorkerCluster

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5
# Within the 30 s that an operator waits for a stop, with time left for the devnet to save.
STOP_SECONDS = 15.0
MOST_RESTARTS = 20


@dataclass(slots=True)
class Supervisor:
    """What runs, and whether it should end."""

    anvils: list[Anvil]
    workers: Child
    web: Child
    stopping: threading.Event = field(default_factory=threading.Event)

    def listen_for_signals(self) -> None:
        """SIGTERM, Ctrl-C and the end of the terminal end everything in order."""

        def ask(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, ask)

    def start(self) -> None:
        """Start workers and web."""
        self.workers.start()
        self.web.start()

    def run(self, done: Callable[[], bool]) -> None:
        """Keep everything running until a signal, or until `done` says so."""
        while not self.stopping.wait(LOOK_EVERY):
            for anvil in self.anvils:
                anvil.require_running()
            self._keep(self.workers)
            self._keep(self.web)
            self._restart_wedged_workers()
            if done():
                return

    def stop(self) -> None:
        """Web first, then the workers with the jobs in hand, the chains last (they save)."""
        deadline = time.monotonic() + STOP_SECONDS
        self.web.ask_to_stop()
        self.workers.ask_to_stop()
        self.web.wait_or_kill(deadline)
        self.workers.wait_or_kill(deadline)
        for anvil in self.anvils:
            anvil.stop()

    def _keep(self, child: Child) -> None:
        if child.is_running:
            return
        if child.starts > MOST_RESTARTS:
            raise QuickstartError(
                f"{child.name} ended {child.starts} times; read {child.log_file} for the reason."
            )
        log.warning("child_restarted", name=child.name, starts=child.starts)
        child.kill_group()
        self._fence(child)
        child.start()

    def _restart_wedged_workers(self) -> None:
        """A killed worker can leave a lock held for ever: no heartbeat, no end. Start anew."""
        process = self.workers.process
        if process is None:
            return
        row = WorkerCluster.objects.filter(pid=process.pid, fenced_at__isnull=True).first()
        connection.close()
        last = row and (row.beat_at or row.started_at)
        if row is not None and last and timezone.now() - last > clusters.STALE_AFTER:
            log.warning("workers_wedged", last_beat=str(last))
            self.workers.kill_group()

    def _fence(self, child: Child) -> None:
        if child is self.workers and child.process is not None:
            for row in WorkerCluster.objects.filter(pid=child.process.pid, fenced_at=None):
                clusters.fence(row.pk)
