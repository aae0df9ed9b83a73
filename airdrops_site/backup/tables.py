"""Which tables are in a backup, and which must not come back alive."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps as installed
from django.db.models import Model

# table -> why it stays out
LEFT_OUT = {
    "django_q_ormq": "a queued job is a wake-up: the pulse makes up for it",
    "django_session": "a login is not to be had from a file; people sign in again",
    "wallets_workercluster": "processes of then",
}


def kept_models(apps: Any = installed) -> list[type[Model]]:
    """Every model with a table that a backup holds, by table; joins of many-to-many too."""
    found: Iterable[type[Model]] = apps.get_models(include_auto_created=True)
    kept = (one for one in found if one._meta.managed and not one._meta.proxy)
    chosen = {one._meta.db_table: one for one in kept if one._meta.db_table not in LEFT_OUT}
    return [chosen[table] for table in sorted(chosen)]


def columns(model: type[Model]) -> list[str]:
    """Its columns that are kept; what the database makes of others comes by itself."""
    return [str(one.column) for one in model._meta.local_concrete_fields if not _generated(one)]


def _generated(field: Any) -> bool:
    return bool(getattr(field, "generated", False))
