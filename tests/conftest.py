"""What every test may use: the database, and chains of its own."""

from collections.abc import Iterator

import pytest
from django.db import connection

from wallets import triggers


@pytest.fixture(autouse=True)
def _append_only_tables_can_be_flushed(request: pytest.FixtureRequest) -> Iterator[None]:
    """SQLite empties tables with DELETE after a transactional test; the triggers forbid that."""
    transactional = request.node.get_closest_marker("django_db")
    needs_door = bool(transactional and transactional.kwargs.get("transaction"))
    yield
    if needs_door and connection.vendor == "sqlite":
        request.getfixturevalue("django_db_blocker").unblock()
        with connection.schema_editor() as editor:
            triggers.remove(editor)
