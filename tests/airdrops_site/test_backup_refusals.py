"""What is refused, in one sentence, with the running state untouched."""

import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from airdrops_site.backup.age import CHUNK, AgeReader, AgeWriter
from airdrops_site.backup.archive import HEADER, ArchiveWriter
from airdrops_site.backup.checking import check
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.manifest import header
from airdrops_site.backup.running import refuse_if_running
from wallets.models import WorkerCluster

pytestmark = [pytest.mark.django_db, pytest.mark.db]
WORD = "a passphrase"


def _archive(path: Path, passphrase: str = WORD, **changed: Any) -> Path:
    facts = header(portable=False) | changed
    with path.open("wb") as raw:
        archive = ArchiveWriter(raw, passphrase)
        archive.add_json(HEADER, facts)
        archive.add("data/nothing/000001", os.urandom(100_000))
        archive.close(facts | {"rows": {}, "sequences": {}, "chain": {"networks": []}})
    return path


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _end_cut(data: bytes) -> bytes:
    return data[:-9]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _something_else(_data: bytes) -> bytes:
    return b"PGDMP something else"


@pytest.mark.parametrize("passphrase", [WORD, ""])
@pytest.mark.parametrize("harm", [_cut, _end_cut, _flipped, _something_else])
def test_a_damaged_file_is_refused(
    tmp_path: Path, harm: Callable[[bytes], bytes], passphrase: str
) -> None:
    path = _archive(tmp_path / "one", passphrase)
    check(path, passphrase)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(BackupRefused, match=r"damaged|cut short|changed"):
        check(path, passphrase)


def test_a_member_that_is_not_what_the_manifest_says_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "one").open("wb") as raw:
        archive = ArchiveWriter(raw, "")
        archive.add_json(HEADER, facts := header(portable=False))
        archive.add("data/nothing/000001", b"rows")
        archive.members["data/nothing/000001"]["sha256"] = "0" * 64
        archive.close(facts | {"rows": {}})
    with pytest.raises(BackupRefused, match="data/nothing/000001 is not what"):
        check(tmp_path / "one", "")


def test_another_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="passphrase does not open"):
        check(_archive(tmp_path / "one"), "another")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"format": 2}, "newer version"),
        ({"migrations": [("wallets", "9999_later")]}, "newer version: it has wallets.9999_later"),
        ({"engine": "oracle"}, "--portable"),
    ],
)
def test_what_this_program_cannot_take_is_refused(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BackupRefused, match=sentence):
        check(_archive(tmp_path / "one", **changed), WORD)


def test_a_running_cluster_is_never_replaced() -> None:
    now = timezone.now()
    row = WorkerCluster.objects.create(id="6" * 32, host="h", pid=1, started_at=now, beat_at=now)
    with pytest.raises(BackupRefused, match="is running"):
        refuse_if_running(even_if_dead=True)
    WorkerCluster.objects.filter(pk=row.pk).update(beat_at=now - timedelta(minutes=2))
    with pytest.raises(BackupRefused, match="--even-if-dead"):
        refuse_if_running(even_if_dead=False)
    refuse_if_running(even_if_dead=True)


def test_without_a_passphrase_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRDROPS_BACKUP_PASSPHRASE", raising=False)
    with pytest.raises(CommandError, match="there is no passphrase") as refused:
        call_command("backup_state", to=str(tmp_path))
    assert refused.value.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, CHUNK, CHUNK + 1])
def test_the_age_tool_opens_our_files(size: int) -> None:
    data, made = os.urandom(size), io.BytesIO()
    writer = AgeWriter(made, WORD)
    writer.write(data)
    writer.close()
    assert pyrage.passphrase.decrypt(made.getvalue(), WORD) == data
    assert AgeReader(io.BytesIO(made.getvalue()), WORD).read() == data
