"""A backup of a real database, and that database back from it."""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from airdrops_site.backup import engines
from airdrops_site.backup.archive import opened
from airdrops_site.backup.bringing_back import Restored, restore
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.places import forget_old, old_ones
from airdrops_site.backup.standing import another, standing_at
from airdrops_site.backup_command.answers import of_restored
from airdrops_site.models import Operation
from tests.airdrops_site.backups import (
    PASSPHRASE,
    aside,
    digests,
    made_at,
    make_state,
    scratch_sqlite,
)
from tests.airdrops_site.guides import commands, execute
from wallets.models import Installation, NonceLane, Transaction, Transition, WalletTag

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture(autouse=True)
def _nothing_stays_aside() -> Iterator[None]:
    yield
    forget_old()


def _back(location: str) -> Restored:
    return restore(Path(location), PASSPHRASE, by="test", say=lambda _what: None)


def test_everything_comes_back_as_it_was_and_paused(tmp_path: Path) -> None:
    row = make_state()
    before = digests()
    made = made_at(tmp_path)
    Transaction.objects.all().delete()
    _back(made.location)
    assert digests() == before
    assert Transaction.objects.get().expectations == row.expectations
    assert Installation.objects.get().paused
    assert NonceLane.objects.get().lease_epoch > 0
    assert Operation.objects.filter(kind="restore", outcome="succeeded").exists()
    newer = Transaction.objects.get()
    newer.pk, newer.uuid, newer.idempotency_key = None, Installation.objects.get().pk, "next"
    newer.save()
    assert newer.pk > row.pk
    history = Transition.objects.all()
    assert history.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        history.update(reason="another")


def test_a_portable_backup_crosses_engines_and_comes_back(tmp_path: Path) -> None:
    make_state()
    before = digests()
    made = made_at(tmp_path, portable=True)
    with standing_at(scratch_sqlite(tmp_path)):
        _back(made.location)
        assert digests() == before
        returned = made_at(tmp_path / "returned", portable=True)
    _back(returned.location)
    assert digests() == before


def test_of_an_empty_place_nothing_is_kept_aside(tmp_path: Path) -> None:
    made = made_at(tmp_path)
    with _empty_place(tmp_path):
        back = _back(made.location)
        assert (back.kept, old_ones()) == ("", [])
        assert of_restored(back).shown[1] == "the place was empty before, so nothing is kept aside"
        again = _back(made.location)
        assert again.kept in old_ones()
        assert again.kept in str(of_restored(again).shown[1])


@pytest.mark.sqlite  # a server writes to its own disk
def test_a_full_disk_is_not_taken_for_a_backup_that_cannot_be_read(tmp_path: Path) -> None:
    made, before = made_at(tmp_path), digests()
    with _no_file_larger_than(64 * 1024), pytest.raises(BackupRefused, match="takes no more"):
        _back(made.location)
    assert (digests(), aside()) == (before, [])


@contextmanager
def _no_file_larger_than(size: int) -> Iterator[None]:
    """The system refuses to let a file grow, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def _empty_place(folder: Path) -> Iterator[None]:
    """An installation of this engine to which nobody has migrated yet."""
    if connection.vendor == "sqlite":
        with standing_at(scratch_sqlite(folder)):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE fresh")
    try:
        with standing_at(another(NAME="fresh")):
            yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE fresh WITH (FORCE)")


def test_what_was_committed_together_is_in_a_backup_together(tmp_path: Path) -> None:
    begun, ended = threading.Event(), threading.Event()

    def write() -> None:
        for number in count():
            with transaction.atomic():
                WalletTag.objects.create(name=f"left-{number}")
                WalletTag.objects.create(name=f"right-{number}")
            begun.set()
            if ended.wait(0.001):
                break
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    made = made_at(tmp_path, portable=True, passphrase="")
    ended.set()
    writer.join()
    with opened(Path(made.location), "") as members:
        lines = [x for m in members if "_wallettag/" in m.name for x in engines.lines_of(m)]
    assert 0 < len(lines) <= WalletTag.objects.count()
    assert sum(b"left" in x for x in lines) == sum(b"right" in x for x in lines)


def test_every_command_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_state()
    before = digests()
    monkeypatch.setenv("AIRDROPS_BACKUP_PASSPHRASE", PASSPHRASE)
    variables = {"FOLDER": str(tmp_path), "FILE": made_at(tmp_path / "own").location}
    for line in commands("backup.md"):
        code, said = execute(line, variables, tmp_path)
        assert code == 0, (line, said)
    assert digests() == before
