"""Copies of the database of this process, as backups to restore; the same engine again."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql


def name_in_use() -> str:
    """The database this process works on."""
    return str(connection.settings_dict["NAME"])


def copy(name: str, folder: Path) -> str:
    """A copy of the database in use, whatever is going on in it; what it is called."""
    if connection.vendor == "sqlite":
        return _sqlite_copy(folder / f"{name}.sqlite3")
    source = name_in_use()
    connection.close()
    _run("CREATE DATABASE {} TEMPLATE {}", name, source)
    return name


def use(name: str) -> None:
    """Work on that one from now on."""
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def drop(names: list[str]) -> None:
    """Remove them."""
    connection.close()
    for name in names:
        if connection.vendor == "sqlite":
            Path(name).unlink(missing_ok=True)
        else:
            _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _sqlite_copy(file: Path) -> str:
    with closing(sqlite3.connect(name_in_use(), timeout=20)) as database:
        database.execute("VACUUM INTO ?", [str(file)])
    return str(file)


def _run(statement: str, *names: str) -> None:
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
