"""SQLite serves one host: a cluster on another is refused in a sentence; PostgreSQL serves many."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from airdrops_site.health.component import Severity
from airdrops_site.health.survey import Survey
from airdrops_site.health.workers import look_at_workers
from tests.factories import WorkerClusterFactory
from tests.processes import environment, eventually, manage
from wallets import clusters
from wallets.checks import check_hosts
from wallets.clusters import STALE_AFTER, SeveralHosts
from wallets.models import WorkerCluster

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


def qcluster(*, before: tuple[str, ...] = (), **variables: str) -> subprocess.CompletedProcess[str]:
    """A second cluster over this test's database, which should end by itself."""
    return subprocess.run(
        [*before, sys.executable, "manage.py", "qcluster"],
        cwd=settings.BASE_DIR,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def beats(host: str) -> bool:
    """Whether a cluster of the host has shown a heartbeat."""
    connection.close()
    return WorkerCluster.objects.filter(host=host, beat_at__isnull=False).exists()


@pytest.mark.sqlite
def test_a_cluster_of_another_host_does_not_start(tmp_path: Path) -> None:
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log, AIRDROPS_HOST_NAME="one"):
        assert eventually(lambda: beats("one")), log.read_text()
        refused = qcluster(AIRDROPS_HOST_NAME="two")
    assert refused.returncode == 2
    assert "SQLite serves one host" in refused.stderr
    assert "this is two, and one:" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not WorkerCluster.objects.filter(host="two").exists()


@pytest.mark.sqlite
def test_a_host_is_known_by_the_name_its_kernel_gives_it(tmp_path: Path) -> None:
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log):
        assert eventually(WorkerCluster.objects.exists), log.read_text()
        elsewhere = (
            "unshare",
            "--map-root-user",
            "--uts",
            "sh",
            "-c",
            'hostname elsewhere && exec "$@"',
            "sh",
        )
        refused = qcluster(before=elsewhere)
    assert (refused.returncode, "this is elsewhere, and" in refused.stderr) == (2, True)


def test_the_same_host_may_start_several(tmp_path: Path) -> None:
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log), manage("qcluster", log=log):
        assert eventually(lambda: WorkerCluster.objects.count() == 2), log.read_text()


@pytest.mark.postgresql
def test_postgresql_serves_clusters_of_two_hosts(tmp_path: Path) -> None:
    log = tmp_path / "workers.log"
    with (
        manage("qcluster", log=log, AIRDROPS_HOST_NAME="one"),
        manage("qcluster", log=log, AIRDROPS_HOST_NAME="two"),
    ):
        assert eventually(lambda: beats("one") and beats("two")), log.read_text()


@pytest.mark.sqlite
@pytest.mark.parametrize(("silent", "fenced"), [(timedelta(0), True), (2 * STALE_AFTER, False)])
def test_a_host_whose_cluster_is_gone_is_in_nobodys_way(
    silent: timedelta, fenced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(clusters.CLUSTER_VARIABLE, "")
    now = timezone.now()
    WorkerClusterFactory.create(
        host="gone", beat_at=now - silent, fenced_at=now if fenced else None
    )
    assert clusters.announce()


@pytest.mark.sqlite
def test_one_that_is_starting_counts_as_alive() -> None:
    WorkerClusterFactory.create(host="other", started_at=timezone.now(), beat_at=None)
    with pytest.raises(SeveralHosts, match="other"):
        clusters.announce()


def test_health_and_checks_say_that_two_hosts_are_at_one_sqlite() -> None:
    WorkerClusterFactory.create(host="one")
    assert look_at_workers(Survey()).severity is Severity.HEALTHY
    WorkerClusterFactory.create(host="two")
    seen, found = look_at_workers(Survey()), check_hosts(databases=["default"])
    if connection.vendor == "postgresql":
        assert (seen.severity, found) == (Severity.HEALTHY, [])
        return
    assert seen.severity is Severity.UNHEALTHY
    assert "SQLite serves one host" in seen.problems[0]
    assert [error.id for error in found] == ["wallets.E002"]
