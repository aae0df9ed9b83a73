"""Files and addresses that somebody made to do harm are refused in a sentence, and do none."""

import io
import os
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from airdrops_site.backup.archive import HEADER, MANIFEST, ArchiveWriter
from airdrops_site.backup.checking import check
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.loading import _drop_programs
from airdrops_site.backup.manifest import header
from airdrops_site.backup.standing import another
from airdrops_site.backup.stores import private_file, store_at
from airdrops_site.models import Operation

pytestmark = [pytest.mark.django_db, pytest.mark.db]
WHOLE: dict[str, Any] = {"rows": {}, "sequences": {}, "chain": {"networks": []}}


def made(path: Path, first: Any, last: Any) -> Path:
    with path.open("wb") as raw:
        archive = ArchiveWriter(raw, "")
        archive.add_json(HEADER, first)
        archive.close(last)
    return path


@pytest.mark.parametrize("without", ["made_at", "migrations", "tables", "portable", "format"])
def test_a_header_that_is_not_whole_is_refused(tmp_path: Path, without: str) -> None:
    facts = {name: value for name, value in header(portable=False).items() if name != without}
    with pytest.raises(BackupRefused):
        check(made(tmp_path / "one", facts, facts | WHOLE), "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": None},
        {"rows": {"wallets_wallet": "many"}},
        {"tables": {"wallets_wallet": "label"}},
        {"migrations": [["wallets"]]},
        {"made_at": "yesterday"},
        {"made_at": "2026-01-01T00:00:00"},
        {"installation": "../../etc"},
        {"sequences": {"wallets_wallet": "1; DROP"}},
        {"chain": {}},
    ],
    ids=str,
)
def test_a_manifest_that_lies_about_its_shape_is_refused(tmp_path: Path, wrong: Any) -> None:
    facts = header(portable=False)
    first = facts | {name: value for name, value in wrong.items() if name in facts}
    with pytest.raises(BackupRefused):
        check(made(tmp_path / "one", first, facts | WHOLE | wrong), "")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_an_archive_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "one"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(HEADER)
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
        tar.addfile(tarfile.TarInfo(MANIFEST), io.BytesIO())
    with pytest.raises(BackupRefused):
        check(path, "")


@pytest.mark.parametrize(
    "place", ["s3://KEYID:SECRETWORD@bucket/x", "s3://bucket/x?sig=SECRETWORD"]
)
def test_an_address_with_credentials_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(BackupRefused) as refused:
        store_at(place)
    with pytest.raises(CommandError) as told:
        call_command("restore_state", place)
    assert "SECRETWORD" not in f"{refused.value}{told.value}"
    assert not Operation.objects.exists()


def test_a_file_that_somebody_laid_there_before_is_not_written_to(tmp_path: Path) -> None:
    other = tmp_path / "readable"
    other.touch(0o666)
    path = tmp_path / "part"
    path.symlink_to(other)
    with private_file(path) as file:
        file.write(b"secret")
    assert other.read_bytes() == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sqlite_file_runs_nothing_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "brought.sqlite3"
    with closing(sqlite3.connect(path)) as file:
        file.executescript(
            'CREATE TABLE t (a); CREATE VIEW "v"" w" AS SELECT 1;'
            "CREATE TRIGGER thief AFTER INSERT ON t BEGIN UPDATE t SET a = 'thief'; END;"
        )
    if connection.vendor == "sqlite":
        _drop_programs(another(NAME=str(path)))
        with closing(sqlite3.connect(path)) as file:
            assert file.execute("SELECT type, name FROM sqlite_master").fetchall() == [
                ("table", "t")
            ]
    assert os.path.exists(path)
