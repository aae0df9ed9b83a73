"""A second database beside the running one, and changing places with it at one stroke."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from airdrops_site.backup.engines import PATIENT
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.standing import another
from airdrops_site.backup.workspaces import workspace

_SCHEMA = "airdrops_before_"
_RESTORING = "airdrops_restoring_"
# The first of an advisory lock's two numbers; the second is the schema's.
_LOCKS = 0x41495244


class Place(Protocol):
    """Where a backup is restored to, beside the running database."""

    def connection(self) -> BaseDatabaseWrapper:
        """A new connection to it."""

    def swap(self) -> str:
        """Make it the database, all at once; where the old one is now, empty if there was none."""


@contextmanager
def beside() -> Iterator[Place]:
    """A new, empty place beside the database that is stood at; gone after, if it was not swapped.

    What killed processes left of theirs is cleared first.
    """
    here = connections["default"]
    if here.vendor == "sqlite":
        live = Path(str(here.settings_dict["NAME"]))
        with workspace(live.parent) as folder:
            yield FilePlace(live, folder / live.name)
        return
    clear_dead_schemas()
    place = _new_schema()
    try:
        yield place
    finally:
        place.discard()


def clear_dead_schemas() -> list[str]:
    """Drop what restores left in PostgreSQL whose sessions are no more; what it was."""
    gone = []
    with connections["default"].cursor() as cursor:
        said = "SELECT nspname, oid::int FROM pg_namespace WHERE starts_with(nspname, %s)"
        cursor.execute(said, [_RESTORING])
        for name, oid in cursor.fetchall():
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCKS, oid])
            if cursor.fetchone()[0]:
                cursor.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, oid])
                gone.append(str(name))
    return gone


def _new_schema() -> "SchemaPlace":
    """Locked by our session, which ends with the process, before anyone can see it."""
    made = f"{_RESTORING}{_stamp()}"
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        live = str(cursor.fetchone()[0])
        cursor.execute(f'CREATE SCHEMA "{made}"')
        cursor.execute("SELECT oid::int FROM pg_namespace WHERE nspname = %s", [made])
        oid = int(cursor.fetchone()[0])
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCKS, oid])
    return SchemaPlace(live, made, oid)


def old_ones() -> list[str]:
    """What earlier restores put aside and nobody forgot yet."""
    here = connections["default"]
    if here.vendor == "sqlite":
        live = Path(str(here.settings_dict["NAME"]))
        found = live.parent.glob(f"{live.name}.before-*")
        return sorted(str(one) for one in found if one.is_file())
    with here.cursor() as cursor:
        said = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) ORDER BY 1"
        cursor.execute(said, [_SCHEMA])
        return [str(name) for (name,) in cursor.fetchall()]


def forget_old() -> list[str]:
    """Delete what was put aside, for good; what it was."""
    here = connections["default"]
    gone = old_ones()
    for name in gone:
        if here.vendor == "sqlite":
            Path(name).unlink()
        else:
            with here.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
    return gone


@dataclass(frozen=True, slots=True)
class FilePlace:
    """SQLite: a file beside."""

    live: Path
    made: Path

    def connection(self) -> BaseDatabaseWrapper:
        """It is created by the first look at it."""
        if not self.made.exists():
            os.close(os.open(self.made, os.O_CREAT | os.O_EXCL, 0o600))
        return another(NAME=str(self.made))

    def swap(self) -> str:
        """By one rename. The old file stays under another name, with nothing left in a WAL."""
        connections["default"].close()
        _settle(self.made, "the restored file")
        _sync(self.made)
        kept = ""
        if self.live.exists() and self.live.stat().st_size:
            _settle(self.live, "the running database")
        if _holds_anything(self.live):
            kept = f"{self.live}.before-{_stamp()}"
            os.link(self.live, kept)
        self.made.replace(self.live)
        _sync(self.live.parent)
        return kept


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """PostgreSQL: a schema beside, in the same database."""

    live: str
    made: str
    oid: int

    def connection(self) -> BaseDatabaseWrapper:
        """Every name without a schema is of this one there."""
        return another(options=f"{PATIENT} -c search_path={self.made}")

    def swap(self) -> str:
        """Two renames in one transaction; whoever looks sees the one or the other."""
        kept = f"{_SCHEMA}{_stamp()}"
        try:
            with transaction.atomic(), connections["default"].cursor() as cursor:
                cursor.execute(f'ALTER SCHEMA "{self.live}" RENAME TO "{kept}"')
                cursor.execute(f'ALTER SCHEMA "{self.made}" RENAME TO "{self.live}"')
            if _dropped_as_empty(kept):
                return ""
        except DatabaseError as error:
            raise BackupRefused(
                f"the schemas {self.live} and {self.made} cannot change places; the database's "
                f"user must own both: {error}"
            ) from error
        return kept

    def discard(self) -> None:
        """With all that is in it; gone already once it was swapped in."""
        with connections["default"].cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{self.made}" CASCADE')
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, self.oid])


def _dropped_as_empty(schema: str) -> bool:
    """PostgreSQL itself says whether anything is in it."""
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{schema}" RESTRICT')
    except DatabaseError:
        return False
    return True


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dt%H%M%S%f}"


def _holds_anything(path: Path) -> bool:
    """Whether there is a table in it; the first look at an empty place makes a file without."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def _settle(path: Path, what: str) -> None:
    """Everything of it in the one file; that is only given to whoever has it alone."""
    try:
        with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as file:
            said = file.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError:
        said = None
    if said != ("delete",):
        raise BackupRefused(
            f"{what} ({path.name}) is open in another process; stop web and workers, then restore"
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
