"""How rows get out of each database engine, and into it: its own way, or the portable one."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.db.models import Model

from airdrops_site.backup import rows
from airdrops_site.backup.archive import ArchiveWriter, Member, Pieces
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.standing import another, standing_at
from airdrops_site.backup.tables import LEFT_OUT, columns, kept_models

SQLITE_FILE = "database.sqlite3"
type Progress = Callable[[str], None]

# A long COPY is no query that hangs; and the reader of rows is the one that must not be cut off.
PATIENT = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"


@dataclass(slots=True)
class Copied:
    """What was copied: rows per table."""

    rows: dict[str, int] = field(default_factory=dict)


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Stand at the database as it is this moment, while everything goes on.

    PostgreSQL: one transaction that sees one snapshot. SQLite: a copy in `folder`, without what
    is left out of a backup.
    """
    if connections["default"].vendor == "sqlite":
        with _sqlite_copy(folder) as copy, standing_at(another(NAME=str(copy))):
            yield
        return
    with standing_at(another(options=PATIENT)) as other, transaction.atomic():
        with other.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def write_native(archive: ArchiveWriter, say: Progress) -> Copied:
    """The rows as this engine writes them fastest."""
    if connections["default"].vendor == "sqlite":
        return _write_file(archive, say)
    copied = Copied()
    for model in kept_models():
        table = model._meta.db_table
        say(table)
        pieces = Pieces(archive, f"data/{table}")
        copied.rows[table] = _copy_out(model, pieces)
        pieces.flush()
    return copied


def write_portable(archive: ArchiveWriter, say: Progress) -> Copied:
    """The rows as any engine reads them."""
    copied = Copied()
    for model in kept_models():
        table = model._meta.db_table
        say(table)
        pieces = Pieces(archive, f"data/{table}")
        copied.rows[table] = 0
        for line in rows.lines(model):
            pieces.write(line)
            copied.rows[table] += 1
        pieces.flush()
    return copied


def counts(models: list[type[Model]]) -> dict[str, int]:
    """Rows per table of the database that is stood at."""
    return {one._meta.db_table: one._base_manager.count() for one in models}


def copy_in(model: type[Model], member: Member, named: list[str]) -> int:
    """One piece of a table as PostgreSQL wrote it; how many rows."""
    here = connections["default"]
    here.ensure_connection()
    statement = f"COPY {_named(model, named)} FROM STDIN"
    with here.connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in member.blocks():
                copy.write(block)
        return int(cursor.rowcount)


def lines_of(member: Member) -> Iterator[bytes]:
    """The lines of one piece, which are whole rows."""
    held = b""
    for block in member.blocks():
        *whole, held = (held + block).split(b"\n")
        yield from whole
    if held:
        raise BackupRefused(f"the backup's {member.name} ends within a row: it is damaged")


def sequences() -> dict[str, int]:
    """The last number given out per table; a number is never given twice, deleted rows or not."""
    here = connections["default"]
    tables = {one._meta.db_table for one in kept_models()}
    with here.cursor() as cursor:
        if here.vendor == "sqlite":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
        else:
            cursor.execute(_POSTGRES_SEQUENCES)
        return {table: int(last) for table, last in cursor.fetchall() if table in tables}


def set_sequences(models: list[type[Model]], given: dict[str, int]) -> None:
    """Have the numbers go on behind the rows and behind what had been given out."""
    here = connections["default"]
    with here.cursor() as cursor:
        # SQLite may say 0, of a table that gave none yet; PostgreSQL takes no such number.
        begun = {table for table, last in given.items() if last}
        for table in sorted({one._meta.db_table for one in models} & begun):
            if here.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                said = "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)"
                cursor.execute(said, [table, int(given[table])])
            else:
                quoted = here.ops.quote_name(table)
                said = "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)"
                cursor.execute(said, [quoted, int(given[table])])


_POSTGRES_SEQUENCES = """
SELECT t.relname, s.last_value
FROM pg_sequences s
JOIN pg_class c ON c.relname = s.sequencename AND c.relkind = 'S'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname
JOIN pg_depend d ON d.objid = c.oid AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid
WHERE s.schemaname = current_schema() AND s.last_value IS NOT NULL
"""


def sqlite_is_whole(path: Path) -> None:
    """BackupRefused if SQLite finds the file damaged."""
    try:
        with closing(sqlite3.connect(path)) as file:
            said = file.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as error:
        raise BackupRefused(f"the SQLite file in the backup cannot be read: {error}") from error
    if said != [("ok",)]:
        raise BackupRefused(f"the SQLite file is damaged: {said[0][0]}")


@contextmanager
def _sqlite_copy(folder: Path) -> Iterator[Path]:
    copy = folder / f".airdrops-copy-{os.getpid()}.sqlite3"
    copy.unlink(missing_ok=True)
    # Nobody else may read it while it is written.
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        live = str(connections["default"].settings_dict["NAME"])
        with closing(sqlite3.connect(live, timeout=20, isolation_level=None)) as source:
            source.execute("VACUUM INTO ?", [str(copy)])
        _leave_out(copy)
        sqlite_is_whole(copy)
        yield copy
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)


def _leave_out(copy: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as file:
        # Overwritten, not only unlinked: a session's key must not stay between the pages.
        file.execute("PRAGMA secure_delete = ON")
        present = {name for (name,) in file.execute("SELECT name FROM sqlite_master")}
        for table in LEFT_OUT.keys() & present:
            file.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of ours


def _write_file(archive: ArchiveWriter, say: Progress) -> Copied:
    here = connections["default"]
    copied = Copied(counts(kept_models()))
    path = Path(str(here.settings_dict["NAME"]))
    # Out of WAL mode the file is all there is.
    with here.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=DELETE")
    here.close()
    say(f"{SQLITE_FILE}, {path.stat().st_size:,} bytes")
    with path.open("rb") as file:
        archive.add_file(SQLITE_FILE, file, path.stat().st_size)
    return copied


def _copy_out(model: type[Model], pieces: Pieces) -> int:
    here = connections["default"]
    here.ensure_connection()
    with here.connection.cursor() as cursor:
        with cursor.copy(f"COPY {_named(model, columns(model))} TO STDOUT") as copy:
            for data in copy:
                pieces.write(data)
        return int(cursor.rowcount)


def _named(model: type[Model], names: list[str]) -> str:
    quote: Any = connections["default"].ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(map(quote, names))})"
