"""What a backup says of itself: first what is needed to read it, last what was written."""

from typing import Any

from django.db import connections
from django.utils import timezone

from airdrops_site.backup.chain_positions import installation_id
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.migrations_then import Node, applied, check_known
from airdrops_site.backup.shape import Head, require_shape
from airdrops_site.backup.tables import columns, kept_models
from airdrops_site.version import version

FORMAT = 1
type Manifest = dict[str, Any]


def header(*, portable: bool) -> Manifest:
    """The facts at the beginning, of the database that is stood at."""
    return {
        "format": FORMAT,
        "program": version(),
        "engine": connections["default"].vendor,
        "portable": portable,
        "made_at": timezone.now().isoformat(),
        "installation": installation_id(),
        "migrations": applied(),
        "tables": {one._meta.db_table: columns(one) for one in kept_models()},
    }


def check_header(facts: Manifest) -> None:
    """BackupRefused where this program, or this engine, cannot take what follows."""
    made_by = facts.get("format") if isinstance(facts, dict) else None
    if not isinstance(made_by, int) or made_by > FORMAT:
        raise BackupRefused(
            f"the backup is of a newer version (format {made_by}, this program reads up to "
            f"{FORMAT}); install the version that made it, or a later one"
        )
    require_shape(Head, facts)
    check_known(nodes(facts))
    here = connections["default"].vendor
    if not facts["portable"] and facts["engine"] != here:
        raise BackupRefused(
            f"the backup was made by {facts['engine']} in its own form and this database is "
            f"{here}; make one with backup_state --portable"
        )


def nodes(facts: Manifest) -> list[Node]:
    """The migrations its tables have had."""
    return [(app, name) for app, name in facts["migrations"]]


def same(first: Manifest, last: Manifest) -> bool:
    """Whether the end speaks of the same backup as the beginning."""
    return all(last.get(name) == value for name, value in first.items())
