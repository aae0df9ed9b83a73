"""Having the whole program, for a while, see another database than the running one."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def standing_at(other: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Everything this thread asks of the database is asked of `other`, which is closed after.

    So models, migrations and services work on a copy without knowing of it.
    """
    before = connections["default"]
    connections["default"] = other
    ContentType.objects.clear_cache()
    try:
        yield other
    finally:
        connections["default"] = before
        ContentType.objects.clear_cache()
        other.close()


def another(*, options: str = "", **changes: Any) -> BaseDatabaseWrapper:
    """A connection of its own like the running one, with these settings changed."""
    here = connections["default"]
    settings = deepcopy(here.settings_dict) | changes | {"CONN_MAX_AGE": 0}
    if options:
        named = settings["OPTIONS"]
        named["options"] = f"{named.get('options', '')} {options}".strip()
    return type(here)(settings, alias="default")
