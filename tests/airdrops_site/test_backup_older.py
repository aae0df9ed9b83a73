"""Backups of before, and those that cannot be taken: what a restore makes of each."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from airdrops_site.backup.bringing_back import restore
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.manifest import Manifest
from airdrops_site.backup.migrations_then import Node, apps_then
from airdrops_site.backup.places import forget_old
from airdrops_site.backup.tables import columns, kept_models
from scheduling.models import Run
from tests.airdrops_site.backups import aside, digests, made_at, make_state, rewritten
from tests.factories import RunFactory

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


def _back(path: Path) -> None:
    restore(path, "", by="test", say=lambda _what: None)


def _since(first: Node) -> set[Node]:
    """The migration and all that need it."""
    graph = MigrationLoader(None).graph
    return {one for one in graph.nodes if first in graph.forwards_plan(one)}


def _without(gone: set[Node], made: Path) -> Path:
    """The backup as the program of before these migrations would have made it."""
    nodes = [one for one in MigrationLoader(None).graph.nodes if one not in gone]
    then = {one._meta.db_table: columns(one) for one in kept_models(apps_then(nodes))}
    now = {one._meta.db_table: columns(one) for one in kept_models()}

    def change(facts: Manifest) -> None:
        facts |= {"migrations": nodes, "tables": then}
        if "rows" in facts:
            facts["rows"] = {name: facts["rows"][name] for name in then}

    def project(table: str, data: bytes) -> bytes:
        places = [now[table].index(name) for name in then.get(table, ())]
        if connection.vendor == "sqlite":
            rows = [json.loads(line) for line in data.splitlines()]
            return b"".join(b"%b\n" % json.dumps([x[i] for i in places]).encode() for x in rows)
        cells = [line.split(b"\t") for line in data.splitlines()]
        return b"".join(b"%b\n" % b"\t".join([x[i] for i in places]) for x in cells if places)

    return rewritten(made, change, project)


def test_a_backup_of_an_older_schema_is_migrated_forward(tmp_path: Path) -> None:
    make_state()
    run = RunFactory.create()
    made = made_at(tmp_path, portable=connection.vendor == "sqlite")
    gone = _since(("scheduling", "0009_asked_by"))
    assert len(gone) > 3
    older = _without(gone, Path(made.location))
    before = digests()
    Run.objects.all().delete()
    _back(older)
    forget_old()
    # What had ended before there were tallies is counted by a migration.
    assert {name for name, now in digests().items() if now != before[name]} <= {"wallets_tally"}
    assert Run.objects.get(pk=run.pk).asked_by is None
    loader = MigrationLoader(connection)
    assert set(loader.applied_migrations) == set(loader.graph.nodes)


def _one_row_too_many(facts: Manifest) -> None:
    if "rows" in facts:
        facts["rows"]["wallets_wallet"] += 1


def _a_hole_in_its_history(facts: Manifest) -> None:
    facts["migrations"].remove(["airdrops_site", "0001_operations"])


def _of_a_later_program(facts: Manifest) -> None:
    facts["format"] += 1


@pytest.mark.parametrize("portable", [False, True])
def test_a_restore_that_fails_leaves_all_as_it_was(tmp_path: Path, *, portable: bool) -> None:
    make_state()
    before = digests()
    made = Path(made_at(tmp_path, portable=portable).location)
    data = rewritten(made, lambda _facts: None).read_bytes()
    middle = len(data) // 2
    changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    for number, harmed in enumerate((data[:middle], data[:-9], changed)):
        path = tmp_path / str(number)
        path.write_bytes(harmed)
        with pytest.raises(BackupRefused, match=r"damaged|cut short|changed"):
            _back(path)
    _is_refused(rewritten(made, _of_a_later_program), "newer version")
    if portable:
        _is_refused(rewritten(made, _a_hole_in_its_history), "cannot be brought to this version")
    else:
        _is_refused(rewritten(made, _one_row_too_many), "rows after loading")
    assert digests() == before
    assert aside() == []


def _is_refused(path: Path, sentence: str) -> None:
    with pytest.raises(BackupRefused, match=sentence) as refused:
        _back(path)
    assert "\n" not in str(refused.value)
