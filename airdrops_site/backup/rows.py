"""Rows in a form that no database engine is needed for: a JSON array a line.

Whole numbers and texts are themselves; decimals, times (ISO, UTC) and ids are texts; bytes are
base64. Read and written through the models' fields, so each engine keeps them as it does.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.db import connections
from django.db.models import BinaryField, Field, JSONField, Model

from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.tables import columns

_BATCH = 500
_FETCHED: Final = 2000


def lines(model: type[Model]) -> Iterator[bytes]:
    """Each row of the model in the database that is stood at."""
    names = [one.attname for one in fields(model)]
    rows = model._base_manager.order_by().values_list(*names)
    for row in rows.iterator(chunk_size=_FETCHED):
        yield json.dumps(row, default=_plain, separators=(",", ":")).encode() + b"\n"


def load(model: type[Model], text: Iterable[bytes], named: list[str]) -> int:
    """Insert such rows, whose columns are named; how many."""
    known = {one.column: one for one in fields(model)}
    chosen = [known[name] for name in named]
    here = connections["default"]
    quoted = ", ".join(map(here.ops.quote_name, named))
    table = here.ops.quote_name(model._meta.db_table)
    statement = f"INSERT INTO {table} ({quoted}) VALUES ({', '.join(['%s'] * len(named))})"  # noqa: S608
    count = 0
    with here.cursor() as cursor:
        for some in batched(text, _BATCH):
            cursor.executemany(statement, [_values(chosen, line) for line in some])
            count += len(some)
    return count


def fields(model: type[Model]) -> list[Field[Any, Any]]:
    """The fields of the columns that are kept."""
    kept = set(columns(model))
    return [one for one in model._meta.local_concrete_fields if one.column in kept]


def _values(chosen: list[Field[Any, Any]], line: bytes) -> list[Any]:
    try:
        row = json.loads(line)
        return [_stored(field, value) for field, value in zip(chosen, row, strict=True)]
    except (ValueError, TypeError) as error:
        table = chosen[0].model._meta.db_table
        raise BackupRefused(f"a row of {table} in the backup is malformed: {error}") from error


def _stored(field: Field[Any, Any], value: Any) -> Any:
    here = connections["default"]
    if isinstance(field, JSONField):
        if value is None and not field.null:
            return here.ops.adapt_json_value(None, field.encoder)
        return field.get_db_prep_save(value, here)
    if isinstance(field, BinaryField) and value is not None:
        value = b64decode(value, validate=True)
    return field.get_db_prep_save(field.to_python(value), here)


def _plain(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    if isinstance(value, datetime | date | time_of_day):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in a portable backup")
