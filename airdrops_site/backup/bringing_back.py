"""Restore a backup: beside the running database, checked there, then in its place, paused."""

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.models import F
from django.utils import timezone

from airdrops_site.backup import engines
from airdrops_site.backup.checking import Checked, check
from airdrops_site.backup.engines import Progress
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.loading import load
from airdrops_site.backup.migrations_then import migrate_forward
from airdrops_site.backup.places import beside
from airdrops_site.backup.running import refuse_if_running
from airdrops_site.backup.standing import standing_at
from airdrops_site.backup.tables import kept_models
from airdrops_site.models import Operation, Restore
from airdrops_site.operations import Kind, recorded
from airdrops_site.restoring.beginning import begin
from wallets import tallies
from wallets.models import EmergencyStop, NonceLane
from wallets.services import engage_stop

# Further than any worker of before can have counted since the backup.
_FENCED = 1_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and where the state of before is."""

    rows: int
    seconds: float
    kept: str
    made_at: datetime
    installation: UUID


def restore(
    path: Path, passphrase: str, *, by: str, say: Progress, even_if_dead: bool = False
) -> Restored:
    """The backup in place of the running database, which is kept aside; it comes back paused.

    BackupRefused in one sentence for whatever is wrong, and the running state is as it was.
    """
    begun = time.monotonic()
    refuse_if_running(even_if_dead=even_if_dead)
    say("checking the backup")
    backup = check(path, passphrase)
    counted, stops = _counters_before(), _stops_before()
    with beside() as place:
        load(backup, passphrase, place, say)
        with standing_at(place.connection()):
            say("migrating")
            to_this_version()
            with recorded(Kind.RESTORE, by=by, location=str(path)) as noted:
                let_nothing_run(backup, path, by=by)
                for stop in stops:
                    engage_stop(**stop)
                # A counter that fell would look like a restart, or like nothing at all.
                tallies.raise_to(counted)
                seconds = round(time.monotonic() - begun, 3)
                noted.summary = f"{backup.rows} rows of {backup.manifest['made_at']}; paused"
                noted.figures = {"rows": backup.rows, "seconds": seconds}
        # Somebody may have started since.
        refuse_if_running(even_if_dead=even_if_dead)
        kept = place.swap()
    return Restored(
        rows=backup.rows,
        seconds=round(time.monotonic() - begun, 3),
        kept=kept,
        made_at=datetime.fromisoformat(backup.manifest["made_at"]),
        installation=UUID(backup.manifest["installation"]),
    )


def try_out(path: Path, passphrase: str, *, by: str, say: Progress) -> Checked:
    """Restore it to a place that is thrown away; counts are compared, the running state is not
    touched."""
    with recorded(Kind.BACKUP_VERIFICATION, by=by, location=str(path)) as noted:
        begun = time.monotonic()
        backup = check(path, passphrase)
        with beside() as place:
            load(backup, passphrase, place, say)
            with standing_at(place.connection()):
                to_this_version()
                found = engines.counts(kept_models())
        seconds = round(time.monotonic() - begun, 3)
        noted.summary = f"{backup.rows} rows came back, as its manifest says"
        noted.figures = {"rows": backup.rows, "seconds": seconds, "tables": len(found)}
    return backup


def to_this_version() -> None:
    """Migrate what was loaded; BackupRefused where that fails."""
    try:
        migrate_forward()
    except (DatabaseError, InconsistentMigrationHistory) as error:
        raise BackupRefused(
            "what is in the backup cannot be brought to this version "
            f"({str(error).splitlines()[0]}); restore it with the version that made it"
        ) from error


def let_nothing_run(backup: Checked, path: Path, *, by: str) -> Restore:
    """Before anyone can see it: nothing is signed until a person says so, with the chain asked."""
    made_at = datetime.fromisoformat(backup.manifest["made_at"])
    restore = begin(backup_made_at=made_at, source=path.name, by=by)
    NonceLane.objects.update(lease_epoch=F("lease_epoch") + _FENCED)
    under_way = Operation.objects.filter(outcome=Operation.Outcome.RUNNING)
    under_way.exclude(kind=Kind.RESTORE).update(
        outcome=Operation.Outcome.UNKNOWN,
        ended_at=timezone.now(),
        summary="It was under way when the backup was made.",
    )
    return restore


def _stops_before() -> list[dict[str, str]]:
    """What was stopped in the database that is replaced: no backup lifts an emergency stop."""
    named = ("scope_kind", "scope_value", "mode", "reason", "actor")
    try:
        return list(EmergencyStop.objects.filter(engaged=True).values(*named))
    except DatabaseError:
        return []


def _counters_before() -> tallies.Values:
    """What the database that is replaced has counted; nothing where it cannot say."""
    try:
        return tallies.values()
    except DatabaseError:
        return {}
