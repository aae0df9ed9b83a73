"""A backup of a real database, and that database back from it."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from airdrops_site.backup import engines
from airdrops_site.backup.archive import opened
from airdrops_site.backup.bringing_back import restore
from airdrops_site.backup.places import forget_old
from airdrops_site.backup.standing import standing_at
from airdrops_site.models import Operation
from tests.airdrops_site.backups import (
    PASSPHRASE,
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


def _back(location: str) -> None:
    restore(Path(location), PASSPHRASE, by="test", say=lambda _what: None)


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
