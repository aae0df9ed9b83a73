"""The processes under a quickstart: the cluster of workers and the web server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from airdrops_site.devnet.lifeline import die_with_parent
from wallets.signers.boundary import without_signers


@dataclass(slots=True)
class Child:
    """A process in a session of its own, restarted when it ends, with its log in a file."""

    name: str
    command: list[str]
    log_file: Path
    environment: dict[str, str] = field(default_factory=dict)
    may_sign: bool = False
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it; what it says goes to its log."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=settings.BASE_DIR,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self.starts += 1

    def _environment(self) -> dict[str, str]:
        if self.may_sign:
            return {**os.environ, **self.environment}
        # What the settings' file says is in our environment: it would only bring the keys back.
        kept = without_signers(os.environ)
        return {**kept, "AIRDROPS_ENV_FILE": os.devnull, **self.environment}

    @property
    def is_running(self) -> bool:
        """Whether the main process lives."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """SIGTERM to the main process only: it ends its own children in order."""
        if self.process is not None and self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic), then kill what is left of the whole group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self.kill_group()

    def kill_group(self) -> None:
        """End every process of its session at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def cluster(logs: Path) -> Child:
    """The workers."""
    command = [sys.executable, "manage.py", "qcluster"]
    return Child("workers", command, logs / "workers.log", may_sign=True)


def web(logs: Path, port: int) -> Child:
    """The console."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "airdrops_site.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--no-control-socket",
    ]
    return Child("web", command, logs / "web.log")


Stop = Callable[[], None]
