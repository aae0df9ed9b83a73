"""Whether anything works with the database that a restore is about to replace."""

from django.db import connections
from django.utils import timezone

from airdrops_site.backup.errors import BackupRefused
from wallets.clusters import STALE_AFTER
from wallets.models import Lease, WorkerCluster

_STOP = "stop web and workers on every host, then restore"


def refuse_if_running(*, even_if_dead: bool) -> None:
    """BackupRefused while anyone may still write to it.

    A cluster that was killed has told nobody: it counts as alive until a person says that it is
    dead (`even_if_dead`), and within half a minute of its last beat whatever a person says.
    """
    tables = connections["default"].introspection.table_names()
    if WorkerCluster._meta.db_table in tables:
        _refuse_clusters(even_if_dead=even_if_dead)
    if Lease._meta.db_table in tables:
        _refuse_leases()
    _refuse_sessions()


def _refuse_clusters(*, even_if_dead: bool) -> None:
    now = timezone.now()
    for row in WorkerCluster.objects.filter(fenced_at=None):
        silent = now - (row.beat_at or row.started_at)
        if silent < STALE_AFTER:
            raise BackupRefused(f"the cluster {row} is running; {_STOP}")
        if not even_if_dead:
            raise BackupRefused(
                f"the cluster {row} has been silent for {int(silent.total_seconds())} s and never "
                "said that it ended; make sure that its host is off, then say --even-if-dead"
            )


def _refuse_leases() -> None:
    held = Lease.objects.filter(expires_at__gt=timezone.now()).exclude(owner="").first()
    if held is not None:
        raise BackupRefused(f"{held.owner} is at work ({held.name}); {_STOP}")


def _refuse_sessions() -> None:
    """PostgreSQL says who is connected; SQLite's file says it at the swap."""
    here = connections["default"]
    if here.vendor != "postgresql":
        return
    with here.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
            "usename = current_user AND backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()"
        )
        others = int(cursor.fetchone()[0])
    if others:
        raise BackupRefused(f"{others} other sessions are connected to the database; {_STOP}")
