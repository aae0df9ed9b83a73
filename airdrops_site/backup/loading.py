"""Fill an empty place from a checked backup; what is in it then is compared with the manifest."""

from io import FileIO
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.utils import DataError, IntegrityError

from airdrops_site.backup import engines, rows
from airdrops_site.backup.archive import Member, opened
from airdrops_site.backup.checking import Checked
from airdrops_site.backup.engines import Progress
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.manifest import nodes
from airdrops_site.backup.migrations_then import apps_then, new_tables
from airdrops_site.backup.places import FilePlace, Place
from airdrops_site.backup.sqlite_copies import sqlite_is_whole
from airdrops_site.backup.standing import standing_at
from airdrops_site.backup.tables import columns, kept_models
from wallets import triggers


def load(backup: Checked, passphrase: str, place: Place, say: Progress) -> None:
    """The rows of the backup, in tables as they were then, complete or BackupRefused."""
    apps = apps_then(nodes(backup.manifest))
    if isinstance(place, FilePlace) and not backup.manifest["portable"]:
        _unpack(backup, passphrase, place, say)
        with standing_at(place.connection()) as there:
            _drop_programs(there)
            triggers.ensure(there)
            _compare(backup, engines.counts(kept_models(apps)))
        return
    with standing_at(place.connection()):
        try:
            _fill(backup, passphrase, apps, say)
        except (IntegrityError, DataError) as error:
            sentence = f"the backup's rows do not fit together: {str(error).splitlines()[0]}"
            raise BackupRefused(sentence) from error


def _unpack(backup: Checked, passphrase: str, place: FilePlace, say: Progress) -> None:
    place.connection().close()
    with opened(backup.path, passphrase) as members, place.made.open("wb", buffering=0) as file:
        for member in members:
            if member.name == engines.SQLITE_FILE:
                say(member.name)
                for block in member.blocks():
                    _write(file, block, place.live.parent)
                _same_as_checked(backup, member)
    sqlite_is_whole(place.made)


def _write(file: FileIO, block: bytes, folder: Path) -> None:
    """A full disk here must not be taken for a backup that cannot be read."""
    left = memoryview(block)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        sentence = f"nothing was restored: {folder} takes no more ({error.strerror or error})"
        raise BackupRefused(sentence) from error


def _drop_programs(there: BaseDatabaseWrapper) -> None:
    """A file that anyone may have made runs nothing of its own: our triggers are made anew."""
    with there.cursor() as cursor:
        cursor.execute("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')")
        for kind, name in cursor.fetchall():
            # Django doubles no quotes inside a name: it knows no names but its own.
            quoted = name.replace('"', '""')
            cursor.execute(f'DROP {kind} "{quoted}"')


def _fill(backup: Checked, passphrase: str, apps: Any, say: Progress) -> None:
    models = {one._meta.db_table: one for one in kept_models(apps)}
    _check_columns(backup, models)
    loaded = dict.fromkeys(models, 0)
    portable = backup.manifest["portable"]
    with new_tables(apps, nodes(backup.manifest)):
        with opened(backup.path, passphrase) as members:
            for member in members:
                folder, _, rest = member.name.partition("/")
                table = rest.partition("/")[0]
                if folder != "data":
                    continue
                if table not in models:
                    raise BackupRefused(f"the backup has rows of {table}, which is no table then")
                say(member.name)
                named = backup.manifest["tables"][table]
                model = models[table]
                loaded[table] += (
                    rows.load(model, engines.lines_of(member), named)
                    if portable
                    else engines.copy_in(model, member, named)
                )
                _same_as_checked(backup, member)
        _compare(backup, loaded)
        say("indexes")
    with transaction.atomic():
        engines.set_sequences(list(models.values()), backup.manifest["sequences"])


def _check_columns(backup: Checked, models: dict[str, type[Model]]) -> None:
    """Names of a file that anyone may have made become part of SQL only where they are ours."""
    for table, named in backup.manifest["tables"].items():
        if table not in models or sorted(named) != sorted(columns(models[table])):
            raise BackupRefused(f"the backup's table {table} is not as its migrations make it")


def _same_as_checked(backup: Checked, member: Member) -> None:
    if member.facts() != backup.manifest["members"][member.name]:
        raise BackupRefused(f"{backup.path.name} changed while it was read; nothing was restored")


def _compare(backup: Checked, found: dict[str, int]) -> None:
    said = backup.manifest["rows"]
    for table in sorted(said.keys() | found.keys()):
        if said.get(table, 0) != found.get(table, 0):
            raise BackupRefused(
                f"{table} has {found.get(table, 0)} rows after loading and the backup says "
                f"{said.get(table, 0)}; nothing was restored"
            )
