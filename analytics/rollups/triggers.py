"""A database trigger that marks the hour of an entry that changes: whoever changes it, and how.

Several rooms correct, reverse and assign entries, most in one statement for many rows. Marks are
only added, so nobody waits for anybody. A migration that alters one of these columns on PostgreSQL
drops the trigger first; it is made again after each `migrate`.
"""

from typing import Any

TABLE, NAME = "analytics_ledgerentry", "analytics_ledgerentry_changed_1"
DIRT = "analytics_rollupdirt"
# What a sum of the ledger goes by; that an entry became final is no change.
COLUMNS = ("token_id", "kind", "amount", "account", "protocol", "occurred_at")
_METRICS = ("flows", "flows_usd")
_PRESENT = {
    # Of this schema: beside it may be one that is kept aside or being restored.
    "postgresql": (
        "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace"
    ),
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
}
_HOUR = {
    "postgresql": "date_trunc('hour', {row}.occurred_at, 'UTC')",
    "sqlite": "substr({row}.occurred_at, 1, 13) || ':00:00'",
}


def ensure(database: Any) -> None:
    """Make it where the tables are and it is not."""
    with database.cursor() as cursor:
        if not {TABLE, DIRT} <= set(database.introspection.table_names(cursor)):
            return
        cursor.execute(_PRESENT[database.vendor])
        if NAME not in {name for (name,) in cursor.fetchall()}:
            for statement in _statements(database.vendor):
                cursor.execute(statement)


def _statements(vendor: str) -> list[str]:
    insert = f"INSERT INTO {DIRT} (metric, hour) VALUES {_marks(vendor)};"  # noqa: S608 - our words
    head = f"CREATE TRIGGER {NAME} AFTER UPDATE ON {TABLE} FOR EACH ROW WHEN ({_changed(vendor)})"
    if vendor == "sqlite":
        return [f"{head} BEGIN {insert} END"]
    body = f"BEGIN {insert} RETURN NULL; END"
    function = "CREATE OR REPLACE FUNCTION analytics_ledger_changed() RETURNS trigger"
    return [
        f"{function} LANGUAGE plpgsql AS $${body}$$",
        f"{head} EXECUTE FUNCTION analytics_ledger_changed()",
    ]


def _marks(vendor: str) -> str:
    """Of the hour it was in, and of the one it is in."""
    hours = [_HOUR[vendor].format(row=row) for row in ("OLD", "NEW")]
    return ", ".join(f"('{metric}', {hour})" for metric in _METRICS for hour in hours)


def _changed(vendor: str) -> str:
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    parts = [f"OLD.{column} {differs} NEW.{column}" for column in COLUMNS]
    return " OR ".join([*parts, "(OLD.status = 'reversed') <> (NEW.status = 'reversed')"])
