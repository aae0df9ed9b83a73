"""Ports of this machine that the devnet listens on; it is never open to the network."""

import fcntl
import os
import random
import socket
import tempfile
from contextlib import closing
from pathlib import Path

from airdrops_site.devnet.errors import DevnetError

HOST = "127.0.0.1"
# Below what Linux gives to outgoing connections, which would come and go in between.
_RANGE = range(20_000, 32_000)
_claims: list[int] = []


def free_port() -> int:
    """Return a port nobody listens on, promised to nobody else of this user while we live."""
    for port in random.sample(_RANGE, len(_RANGE)):
        if _is_free(port) and _claim(port):
            return port
    raise DevnetError(f"Every port of {_RANGE.start}-{_RANGE.stop - 1} on {HOST} is taken.")


def require_free(port: int) -> None:
    """Raise a DevnetError if a program listens on the port."""
    try:
        _bind(port)
    except OSError as error:
        raise DevnetError(
            f"Port {port} on {HOST} cannot be used for the devnet ({error.strerror}); stop the"
            " program that holds it, perhaps an earlier anvil, or choose another port."
        ) from error


def _is_free(port: int) -> bool:
    try:
        _bind(port)
    except OSError:
        return False
    return True


def _bind(port: int) -> None:
    with closing(socket.socket()) as probe:
        # As anvil does, so that connections still closing do not count as busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))


def _claim(port: int) -> bool:
    """Two that look at the same moment both find it free; the lock tells them apart."""
    folder = Path(tempfile.gettempdir()) / f"airdrops-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / str(port), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    _claims.append(descriptor)
    return True
