"""How much room deleted rows left, as far as the database says."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes inside the file that new rows will take; None where the engine does not say."""

    free_bytes: int | None
    sentence: str


def space() -> Space:
    """Gives pages back to the disk where SQLite was set up to; PostgreSQL has its own ways."""
    if connection.vendor != "sqlite":
        said = "PostgreSQL's autovacuum makes the room usable for new rows; the files stay as large"
        return Space(None, f"{said} until somebody runs VACUUM FULL.")
    with connection.cursor() as cursor:
        # Of no effect, and no harm, in a file without incremental vacuum.
        cursor.execute("PRAGMA incremental_vacuum").fetchall()
        (free,) = cursor.execute("PRAGMA freelist_count").fetchone()
        (size,) = cursor.execute("PRAGMA page_size").fetchone()
    return Space(free * size, f"{free * size} bytes inside the file are free for new rows.")
