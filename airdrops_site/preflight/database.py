"""The database: does it answer, are its tables this version's, is its clock ours; backups."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from airdrops_site.operations import last_done
from airdrops_site.preflight.lines import Line, failed, ok, unknown, warning

SKEW = timedelta(seconds=2)
WRONG_CLOCK = timedelta(seconds=10)


def look_at_database() -> Iterator[Line]:
    """Engine, version, and migrations in both directions."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        engine = f"{connection.vendor} {'.'.join(map(str, connection.get_database_version()))}"
        missing, foreign = _migrations()
    except DatabaseError as error:
        told = f"does not answer ({type(error).__name__})"
        yield failed("database", f"{told}; see that it runs and that DATABASE_URL leads to it")
        return
    if missing:
        told = f"{engine} lacks {missing} migrations of this version"
        yield failed("database", f"{told}; stop all workers and run `manage.py migrate`")
    elif foreign:
        told = f"{engine} has {foreign} migrations that this version does not know"
        yield failed("database", f"{told}; start the version that made them, or a newer one")
    else:
        yield ok("database", f"{engine}, all migrations applied")


def _migrations() -> tuple[int, int]:
    """How many the tables lack, and how many of our apps they have beyond this code."""
    loader = MigrationLoader(connection)
    known, applied = set(loader.disk_migrations or {}), set(loader.applied_migrations or {})
    # A squashed migration is applied by those that it replaces.
    known = {key for key in known if key in loader.graph.nodes}
    foreign = {key for key in applied if key[0] in loader.migrated_apps}
    replaced = {one for squashed in loader.replacements.values() for one in squashed.replaces}
    return len(known - applied), len(foreign - set(loader.disk_migrations or {}) - replaced)


def look_at_database_clock() -> Iterator[Line]:
    """Leases and due times of several hosts compare their clocks through the database."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    skew = abs(timezone.now() - theirs)
    told = f"this machine and the database differ by {skew.total_seconds():.1f} s"
    if skew > WRONG_CLOCK:
        yield failed("clock", f"{told}; set both by NTP")
    else:
        yield warning("clock", f"{told}; set both by NTP") if skew > SKEW else ok("clock", told)


def look_at_backups() -> Iterator[Line]:
    """Whether they are made at all, and how old the newest is."""
    newest = last_done().get("backup")
    if newest is None:
        yield warning("backups", "none was made yet; make one with `manage.py backup_state`")
        return
    hours = (timezone.now() - newest).total_seconds() / 3600
    most = settings.BACKUP_MAX_HOURS
    told = f"the newest is {hours:.0f} h old"
    if most and hours > most:
        yield warning("backups", f"{told}, more than AIRDROPS_BACKUP_MAX_HOURS={most}")
    else:
        yield ok("backups", told)


def look_at_backup_passphrase() -> Iterator[Line]:
    """Whoever makes backups by themselves must be able to encrypt them."""
    if not settings.BACKUP_HOURS:
        return
    try:
        found = bool(settings.BACKUP_PASSPHRASE())
    except (OSError, ValueError):
        yield failed("backup passphrase", "AIRDROPS_BACKUP_PASSPHRASE_FILE cannot be read")
        return
    if found:
        yield ok("backup passphrase", "it is set")
    else:
        told = "AIRDROPS_BACKUP_HOURS asks for backups and AIRDROPS_BACKUP_PASSPHRASE is not set"
        yield unknown("backup passphrase", f"{told} here; set it where backups are made")
