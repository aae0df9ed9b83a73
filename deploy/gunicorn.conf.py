"""gunicorn for the console: `gunicorn -c deploy/gunicorn.conf.py airdrops_site.wsgi`.

Processes join their metrics in PROMETHEUS_MULTIPROC_DIR, which is emptied here before the first
of them starts: files of processes that ended with the last start would be counted for ever.
"""

import os
from pathlib import Path
from typing import Any

bind = os.environ.get("AIRDROPS_WEB_BIND", "127.0.0.1:8080")
# More than one process needs the folder, or each would tell of its own requests only.
_metrics = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
workers = int(os.environ.get("AIRDROPS_WEB_PROCESSES", "2" if _metrics else "1"))
worker_class = "gthread"
threads = int(os.environ.get("AIRDROPS_WEB_THREADS", "4"))
# The slowest page (a report over a year) stays well below; a hung process is started anew.
timeout = 60
# On SIGTERM or SIGHUP requests in hand are finished, for at most so long.
graceful_timeout = 25
keepalive = 5
# Whatever grows is given back; not all at the same moment.
max_requests = 2_000
max_requests_jitter = 400
accesslog = None
errorlog = "-"
# Its socket would let whoever may write to it steer the server.
control_socket_disable = True
# Only the proxy on this machine says what the scheme was.
forwarded_allow_ips = os.environ.get("AIRDROPS_WEB_PROXY", "127.0.0.1")


def on_starting(_server: Any) -> None:
    """Forget what processes before this start have counted."""
    if not _metrics:
        return
    folder = Path(_metrics)
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Gauges of a process that ended are no longer counted; its counters stay."""
    if _metrics:
        # Only now: the library reads the folder's variable when it is imported.
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def worker_abort(worker: Any) -> None:
    """Say in the log that a page took longer than `timeout`."""
    worker.log.warning("web process %s hung; a page took longer than %s s", worker.pid, timeout)
