"""Where backups go, and which of them stay."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from moto.server import ThreadedMotoServer

from airdrops_site.backup.stores import Store, local_file, store_at, thin_out


def _named(hour: int, whose: str = "0a0b0c0d") -> str:
    return f"airdrops-{whose}-20260101T{hour:02d}0000000000Z.tar.gz.age"


def _put(store: Store, name: str) -> str:
    part = store.staging() / ".airdrops-backup-1.part"
    part.write_bytes(name.encode())
    return store.put(part, name)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a real server that speaks as S3 does."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setattr(settings, "BACKUP_S3_ENDPOINT_URL", f"http://{host}:{port}")
    boto3.client("s3", endpoint_url=settings.BACKUP_S3_ENDPOINT_URL).create_bucket(Bucket="kept")
    yield "s3://kept/backups"
    server.stop()


def test_only_the_oldest_of_this_installation_are_deleted(tmp_path: Path) -> None:
    store = store_at(str(tmp_path))
    others = [_named(0, "ffffffff"), "airdrops-notes.txt"]
    for name in [*others, *map(_named, range(1, 5))]:
        _put(store, name)
    assert thin_out(store, newest=_named(4), keep=2) == [_named(2), _named(1)]
    kept = {one.name for one in tmp_path.iterdir()}
    assert kept == {*others, _named(3), _named(4)}


def test_the_one_just_made_stays_whatever_its_clock_said(tmp_path: Path) -> None:
    store = store_at(str(tmp_path))
    for hour in (1, 5, 6):
        _put(store, _named(hour))
    assert thin_out(store, newest=_named(1), keep=1) == [_named(5)]


def test_s3_takes_gives_and_thins_out(s3: str, tmp_path: Path) -> None:
    store = store_at(s3)
    where = [_put(store, _named(hour)) for hour in (1, 2)]
    with local_file(where[1], tmp_path) as path:
        assert path.read_text() == _named(2)
    assert list(tmp_path.iterdir()) == []
    assert thin_out(store, newest=_named(2), keep=1) == [_named(1)]
    assert store.names() == [_named(2)]
