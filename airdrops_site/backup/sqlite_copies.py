"""A copy of a SQLite database as it is at one moment, in a file that has no name.

It is not encrypted, so nobody may find it whatever kills the process: the file is unlinked while it
is still empty, and the system takes it back with the last descriptor. `VACUUM INTO` cannot write to
such a file. Like it, this copies rows and not pages: nothing of deleted rows comes along.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.standing import another
from airdrops_site.backup.tables import LEFT_OUT
from airdrops_site.backup.workspaces import workspace

# No journal: it would have a name, and of a copy that was not finished nothing is wanted.
_NO_OTHER_FILE = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000;"


@contextmanager
def sqlite_copy(folder: Path) -> Iterator[tuple[BaseDatabaseWrapper, IO[bytes]]]:
    """A connection to the copy, and its bytes; what is left out of a backup is not in it."""
    live = str(connections["default"].settings_dict["NAME"])
    with workspace(folder) as mine:
        path = mine / "copy"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        copy = another(NAME=str(path), OPTIONS={"init_command": _NO_OTHER_FILE, "timeout": 20})
        copy.ensure_connection()
        file = path.open("rb")
        path.unlink()
    with closing(file), closing(copy):
        try:
            _fill(copy.connection, live)
            _is_whole(copy.connection, "the copy of the running database")
        except sqlite3.DatabaseError as error:
            raise BackupRefused(f"the running database cannot be copied: {error}") from error
        yield copy, file


def sqlite_is_whole(path: Path) -> None:
    """BackupRefused if SQLite finds the file damaged."""
    try:
        with closing(sqlite3.connect(path)) as file:
            _is_whole(file, "the SQLite file in the backup")
    except sqlite3.DatabaseError as error:
        raise BackupRefused(f"the SQLite file in the backup cannot be read: {error}") from error


def _is_whole(database: Any, what: str) -> None:
    said = database.execute("PRAGMA integrity_check").fetchall()
    if said != [("ok",)]:
        raise BackupRefused(f"{what} is damaged: {said[0][0]}")


def _fill(copy: Any, live: str) -> None:
    """In one transaction, so that all of it is read of one moment."""
    copy.execute("ATTACH ? AS live", [live])
    copy.execute("PRAGMA foreign_keys = OFF")
    copy.execute("PRAGMA ignore_check_constraints = ON")
    (auto_vacuum,) = copy.execute("PRAGMA live.auto_vacuum").fetchone()
    copy.execute(f"PRAGMA main.auto_vacuum = {auto_vacuum}")
    copy.execute("BEGIN")
    made = copy.execute(_MADE).fetchall()
    for name, statement in ((name, sql) for kind, name, sql in made if kind == "table"):
        copy.execute(statement)
        if name not in LEFT_OUT:
            _copy_rows(copy, name)
    if copy.execute("SELECT 1 FROM live.sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        # Filling a table has counted in it already.
        copy.execute("DELETE FROM main.sqlite_sequence")
        _copy_rows(copy, "sqlite_sequence")
    for statement in (sql for kind, _, sql in made if kind != "table"):
        copy.execute(statement)
    copy.execute("COMMIT")
    copy.execute("DETACH live")
    copy.execute("PRAGMA ignore_check_constraints = OFF")


_MADE = (
    "SELECT type, name, sql FROM live.sqlite_master WHERE sql != '' AND name NOT LIKE 'sqlite_%'"
)


def _copy_rows(copy: Any, table: str) -> None:
    copy.execute(f'INSERT INTO main."{table}" SELECT * FROM live."{table}"')  # noqa: S608
