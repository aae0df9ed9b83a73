"""How rows get out of each database engine, and into it: its own way, or the portable one."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.db import connections, transaction
from django.db.models import Model

from airdrops_site.backup import rows
from airdrops_site.backup.archive import ArchiveWriter, Member, Pieces
from airdrops_site.backup.copying_out import copy_out
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.sqlite_copies import sqlite_copy
from airdrops_site.backup.standing import another, standing_at
from airdrops_site.backup.tables import columns, kept_models

SQLITE_FILE = "database.sqlite3"
type Progress = Callable[[str], None]

# A long COPY is no query that hangs; and the reader of rows is the one that must not be cut off.
PATIENT = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"


@dataclass(slots=True)
class Copied:
    """What was copied: rows per table."""

    rows: dict[str, int] = field(default_factory=dict)


@contextmanager
def frozen(folder: Path) -> Iterator[IO[bytes] | None]:
    """Stand at the database as it is this moment, while everything goes on.

    PostgreSQL: one transaction that sees one snapshot. SQLite: a copy on the disk of `folder`,
    without what is left out of a backup; its bytes are given.
    """
    if connections["default"].vendor == "sqlite":
        with sqlite_copy(folder) as (copy, file), standing_at(copy):
            yield file
        return
    with standing_at(another(options=PATIENT)) as other, transaction.atomic():
        with other.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield None


def write_native(archive: ArchiveWriter, file: IO[bytes] | None, say: Progress) -> Copied:
    """The rows as this engine writes them fastest: SQLite as the file that `frozen` gave."""
    if file is not None:
        return _write_file(archive, file, say)
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
        # SQLite writes 0 where none was given out yet.
        return {table: int(last) for table, last in cursor.fetchall() if last and table in tables}


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


def _write_file(archive: ArchiveWriter, file: IO[bytes], say: Progress) -> Copied:
    copied = Copied(counts(kept_models()))
    size = os.fstat(file.fileno()).st_size
    say(f"{SQLITE_FILE}, {size:,} bytes")
    archive.add_file(SQLITE_FILE, file, size)
    return copied


def _copy_out(model: type[Model], pieces: Pieces) -> int:
    here = connections["default"]
    here.ensure_connection()
    statement = f"COPY {_named(model, columns(model))} TO STDOUT"
    with here.wrap_database_errors:
        return copy_out(here.connection, statement, pieces.write)


def _named(model: type[Model], names: list[str]) -> str:
    quote: Any = connections["default"].ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(map(quote, names))})"
