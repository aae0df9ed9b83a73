"""systemd hears of a cluster as long as its workers beat."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from airdrops_site.watchdog import Watchdog
from tests import factories
from tests.processes import manage

pytestmark = [pytest.mark.db]


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """The socket on which systemd listens."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(60)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listener


def heard(listener: socket.socket) -> list[bytes]:
    listener.setblocking(False)
    found = []
    while True:
        try:
            found.append(listener.recv(100))
        except BlockingIOError:
            return found


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "told"), [(1, [b"WATCHDOG=1"]), (31, [])])
def test_it_is_told_while_a_worker_beats(
    systemd: socket.socket, age: int, told: list[bytes]
) -> None:
    at = timezone.now() - timedelta(seconds=age)
    row = factories.WorkerClusterFactory.create(started_at=at, beat_at=at)
    watchdog = Watchdog(str(row.pk))
    watchdog.look()
    watchdog.look()
    assert heard(systemd) == told


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_real_cluster_says_that_it_is_ready_and_lives(
    systemd: socket.socket, tmp_path: Path
) -> None:
    with manage("qcluster", log=tmp_path / "log"):
        assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"WATCHDOG=1"
