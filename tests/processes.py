"""Real processes over the database of the test that starts them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db import connection

from airdrops_site.devnet.ports import free_port

# Seconds until something counts as hung: no measure of speed, however slow the machine is.
PATIENCE = 300
_OURS = ("AIRDROPS_", "DATABASE_URL", "METRICS_TOKEN", "DJANGO_SETTINGS_MODULE", "SECRET_KEY")


def environment() -> dict[str, str]:
    """The environment in which another process finds this test's database and keystores."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "airdrops_site.settings",
        "DATABASE_URL": _database_url(),
        "AIRDROPS_ENV_FILE": os.devnull,
        "AIRDROPS_KEYSTORE_DIR": str(settings.KEYSTORE_DIR),
        "AIRDROPS_KEYSTORE_PASSPHRASE_FILE": str(settings.KEYSTORE_PASSPHRASE_FILE),
    }


def _database_url() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    host = quote(found["OPTIONS"].get("host") or found["HOST"], safe="")
    port = f"&port={found['PORT']}" if found["PORT"] else ""
    login = quote(found["USER"]) + (f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else "")
    return f"postgres://{login}@/{found['NAME']}?host={host}{port}"


@contextmanager
def manage(*arguments: str, log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A management command as a process of its own, ended with the block."""
    command = [sys.executable, "manage.py", *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={**environment(), **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def run_manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A management command with these variables of ours and no others, run to its end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**kept, "AIRDROPS_ENV_FILE": os.devnull, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def serve(log: Path, *arguments: str, **variables: str) -> Iterator[str]:
    """The web server over this test's database; the URL it answers on."""
    bind = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "airdrops_site.wsgi", "--no-control-socket"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--bind", bind, *arguments],
            cwd=settings.BASE_DIR,
            env={**environment(), **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        assert eventually(lambda: _listens(bind)), log.read_text()
        yield f"http://{bind}"
    finally:
        process.terminate()
        process.wait(20)


def _listens(bind: str) -> bool:
    try:
        httpx.get(f"http://{bind}/nothing", timeout=10)
    except httpx.HTTPError:
        return False
    return True


def eventually(true: Callable[[], bool], *, within: float = PATIENCE, every: float = 0.1) -> bool:
    """Whether it becomes true in time, looking `every` so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(every)
    return False
