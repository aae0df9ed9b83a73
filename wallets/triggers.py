"""Database triggers that keep signed bytes and history as they were written.

The constraint that nothing signed is ever forgotten must also hold against a slip of our own
code or a person at a database prompt. `archive_door` is the one way around them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

# table -> columns that never change once written ("*": none may)
FROZEN: dict[str, tuple[str, ...]] = {
    "wallets_attempt": (
        "transaction_id",
        "lane_id",
        "nonce",
        "kind",
        "raw",
        "hash",
        "gas_limit",
        "max_fee_per_gas",
        "max_priority_fee_per_gas",
        "private_only",
    ),
    "wallets_transition": ("*",),
}

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION wallets_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('airdrops.archive', true) = 'on' THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% rows are append-only', TG_TABLE_NAME;
END $$
"""


def install(schema_editor: Any) -> None:
    """Create the triggers on this database."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRES_FUNCTION, None)
    for statement in _statements(schema_editor.connection):
        schema_editor.execute(statement)


def remove(schema_editor: Any) -> None:
    """Drop the triggers from this database."""
    postgres = schema_editor.connection.vendor == "postgresql"
    for table in FROZEN:
        for event in ("update", "delete"):
            on_table = f" ON {table}" if postgres else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}{on_table}")


@contextmanager
def archive_door() -> Iterator[None]:
    """Within this database transaction frozen rows may be moved to an archive or loaded."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL airdrops.archive = 'on'")
            yield
            return
        with connection.cursor() as cursor:
            remove(_CursorEditor(cursor))
            yield
            install(_CursorEditor(cursor))


class _CursorEditor:
    """Lets `install` and `remove` run inside an ordinary transaction."""

    def __init__(self, cursor: Any) -> None:
        self.connection = connection
        self.execute = cursor.execute


def _statements(database: Any) -> Iterator[str]:
    for table, columns in FROZEN.items():
        there = _columns(database, table)
        # An early migration installs what is there; a later one, with its columns, once more.
        named = ", ".join(column for column in columns if column in there)
        of_columns = "" if columns == ("*",) else f" OF {named}"
        for event, timing in (("update", f"UPDATE{of_columns}"), ("delete", "DELETE")):
            head = f"CREATE TRIGGER {table}_no_{event} BEFORE {timing} ON {table} FOR EACH ROW"
            if database.vendor == "postgresql":
                yield f"{head} EXECUTE FUNCTION wallets_frozen()"
            else:
                yield f"{head} BEGIN SELECT RAISE(ABORT, '{table} rows are append-only'); END"


def _columns(database: Any, table: str) -> set[str]:
    with database.cursor() as cursor:
        found = database.introspection.get_table_description(cursor, table)
    return {column.name for column in found}
