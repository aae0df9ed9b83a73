"""Database triggers that keep signed bytes and history as they were written.

The constraint that nothing signed is ever forgotten must also hold against a slip of our own
code or a person at a database prompt. `archive_door` is the one way around them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
        "foreign",
    ),
    "wallets_endpointanswer": ("*",),
    "wallets_transition": ("*",),
}

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION wallets_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('airdrops.archive', true) = 'on' THEN
    IF TG_OP = 'TRUNCATE' THEN RETURN NULL; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% rows are append-only', TG_TABLE_NAME;
END $$
"""
_NAMES = {
    # A restore fills a schema beside the one that has them.
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}


@dataclass(frozen=True, slots=True)
class _Trigger:
    """One event that a frozen table refuses."""

    table: str
    event: str
    when: str

    @property
    def name(self) -> str:
        return f"{self.table}_no_{self.event}"

    def create(self, vendor: str) -> str:
        head = f"CREATE TRIGGER {self.name} BEFORE {self.when} ON {self.table} FOR EACH"
        if vendor == "postgresql":
            each = "STATEMENT" if self.event == "truncate" else "ROW"
            return f"{head} {each} EXECUTE FUNCTION wallets_frozen()"
        return f"{head} ROW BEGIN SELECT RAISE(ABORT, '{self.table} rows are append-only'); END"

    def drop(self, vendor: str) -> str:
        on_table = f" ON {self.table}" if vendor == "postgresql" else ""
        return f"DROP TRIGGER IF EXISTS {self.name}{on_table}"


def install(schema_editor: Any) -> None:
    """Create the triggers on the tables that the database has by now."""
    vendor = schema_editor.connection.vendor
    remove(schema_editor)
    if vendor == "postgresql":
        schema_editor.execute(_POSTGRES_FUNCTION, None)
    for trigger in _wanted(schema_editor.connection):
        schema_editor.execute(trigger.create(vendor))


def remove(schema_editor: Any) -> None:
    """Drop the triggers from the database."""
    for trigger in _wanted(schema_editor.connection):
        schema_editor.execute(trigger.drop(schema_editor.connection.vendor))


def ensure(database: Any) -> None:
    """Install what is missing: SQLite loses a table's triggers when a migration makes it anew."""
    with database.cursor() as cursor:
        cursor.execute(_NAMES[database.vendor])
        present = {name for (name,) in cursor.fetchall()}
    if not {trigger.name for trigger in _wanted(database)} <= present:
        with database.schema_editor() as editor:
            install(editor)


@contextmanager
def archive_door() -> Iterator[None]:
    """Within this database transaction frozen rows may be moved to an archive or loaded."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL airdrops.archive = 'on'")
                yield
                # A transaction around this one goes on with the door shut.
                cursor.execute("SET LOCAL airdrops.archive = 'off'")
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


def _wanted(database: Any) -> list[_Trigger]:
    """The triggers for the frozen tables and columns there are; early migrations know fewer."""
    found: list[_Trigger] = []
    with database.cursor() as cursor:
        tables = FROZEN.keys() & set(database.introspection.table_names(cursor))
        for table in sorted(tables):
            known = database.introspection.get_table_description(cursor, table)
            found += _of_table(table, {column.name for column in known}, database.vendor)
    return found


def _of_table(table: str, known: set[str], vendor: str) -> Iterator[_Trigger]:
    columns = [f'"{column}"' for column in FROZEN[table] if column in known]
    yield _Trigger(table, "update", f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE")
    yield _Trigger(table, "delete", "DELETE")
    # SQLite has no TRUNCATE; on PostgreSQL it passes triggers of rows, and the owner's rights.
    if vendor == "postgresql":
        yield _Trigger(table, "truncate", "TRUNCATE")
