"""The check of the database."""

import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from airdrops_site.health.component import Component, Severity
from airdrops_site.health.survey import Survey


def look_at_database(_survey: Survey) -> Component:
    """Whether it answers, and whether its tables are those that this code expects."""
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    details = {
        "engine": connection.vendor,
        "latency_ms": int((time.monotonic() - started) * 1000),
    }
    missing = _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if not missing:
        return Component({"status": "connected"}, details=details)
    return Component(
        {"status": "outdated"},
        Severity.UNHEALTHY,
        {**details, "missing_migrations": sorted(".".join(name) for name in missing)},
        (f"The database lacks {len(missing)} migrations; run `manage.py migrate`.",),
    )


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """By the names of files: importing them all would take as long as the check may."""
    found = set()
    for config in apps.get_app_configs():
        package, _is_explicit = MigrationLoader.migrations_module(config.label)
        with suppress(ModuleNotFoundError):
            folders = getattr(import_module(package), "__path__", ()) if package else ()
            modules = iter_modules(folders) if folders else ()
            names = (one.name for one in modules if not one.ispkg and one.name[0] not in "_~")
            found |= {(config.label, name) for name in names}
    return frozenset(found)
