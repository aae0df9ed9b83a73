"""The tables as they were when a backup was made, whatever has been migrated since."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps as installed
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from airdrops_site.backup.errors import BackupRefused
from wallets import triggers

type Node = tuple[str, str]


def applied() -> list[Node]:
    """What the database that is stood at has had applied; BackupRefused if that is not all."""
    loader = MigrationLoader(connections["default"])
    have = set(loader.applied_migrations)
    if missing := sorted(set(loader.graph.nodes) - have):
        named = ".".join(missing[0])
        raise BackupRefused(
            f"the database lacks {len(missing)} migrations ({named} is the first); run "
            "manage.py migrate, then back it up"
        )
    return sorted(have & set(loader.graph.nodes))


def check_known(nodes: Iterable[Node]) -> None:
    """BackupRefused where a migration is unknown here: a newer version made the backup."""
    known = MigrationLoader(None).graph.nodes
    if newer := sorted(node for node in nodes if node not in known):
        raise BackupRefused(
            f"the backup is of a newer version: it has {'.'.join(newer[0])}, which this program "
            "does not know; install the version that made it, or a later one"
        )


def apps_then(nodes: Iterable[Node]) -> Any:
    """The models as they were after these migrations; today's where these are all."""
    loader = MigrationLoader(None)
    then = set(nodes)
    if then == set(loader.graph.nodes):
        return installed
    # The last of each app: a node with none of its own app after it.
    befores = {p for node in then for p in loader.graph.node_map[node].parents}
    inner = {(p.key[0], p.key[1]) for p in befores if _has_child_in_app(loader, p.key, then)}
    return loader.project_state(sorted(then - inner)).apps


@contextmanager
def new_tables(apps: Any, nodes: Iterable[Node]) -> Iterator[None]:
    """Empty tables to be filled in the block, which is one database transaction.

    What can wait comes after the rows: indexes, and foreign keys where the database adds them.
    """
    here = connections["default"]
    with here.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy and not model._meta.swapped:
                editor.create_model(model)
        yield
    recorder = MigrationRecorder(here)
    recorder.ensure_schema()
    rows = [recorder.Migration(app=app, name=name) for app, name in nodes]
    recorder.migration_qs.bulk_create(rows)
    triggers.ensure(here)


def migrate_forward() -> None:
    """What has been migrated since; permissions and roles as well."""
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


def _has_child_in_app(loader: MigrationLoader, node: Node, then: set[Node]) -> bool:
    children = (child.key for child in loader.graph.node_map[node].children)
    return any(child in then and child[0] == node[0] for child in children)
