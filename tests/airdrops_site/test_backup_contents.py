"""What a whole backup keeps, and what is in none."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from airdrops_site.backup.archive import opened
from airdrops_site.configuration.base import env
from tests.airdrops_site.backups import PASSPHRASE, made_at, make_state
from tests.airdrops_site.test_metrics import read
from wallets.models import RpcEndpoint

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


def _planted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word of its own in every secret, in a URL that is none, in a login and in a queued job."""
    secret = [one.name for one in env.variables.values() if one.secret or one.hidden]
    words = {name: f"planted-{os.urandom(8).hex()}" for name in [*secret, "RPC_KEY_OF_TESTS"]}
    for name, word in words.items():
        monkeypatch.setenv(name, word)
    url = f"https://user:planted-{os.urandom(8).hex()}@s3.example/planted-{os.urandom(8).hex()}"
    monkeypatch.setenv("AIRDROPS_BACKUP_S3_ENDPOINT_URL", url)
    RpcEndpoint.objects.update(url="https://rpc.example/v2/${RPC_KEY_OF_TESTS}")
    logins = [f"planted-{os.urandom(8).hex()}" for _ in range(2)]
    for key in logins:
        Session.objects.create(session_key=key, session_data=key, expire_date=timezone.now())
    # A deleted row is still in SQLite's pages.
    Session.objects.filter(session_key=logins[1]).delete()
    return [*words.values(), url.split(":")[2].split("@")[0], url.rsplit("/", 1)[1], *logins]


@pytest.mark.parametrize("portable", [False, True])
def test_no_secret_is_in_a_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, portable: bool
) -> None:
    make_state()
    words = _planted(monkeypatch)
    made = Path(made_at(tmp_path, portable=portable).location)
    with opened(made, PASSPHRASE) as members:
        held = {one.name: b"".join(one.blocks()) for one in members}
    everything = b"".join(held.values())
    assert b"https://rpc.example/v2/${RPC_KEY_OF_TESTS}" in everything
    assert b"s3.example" in held["files/configuration.json"]
    assert not [word for word in words if word.encode() in everything + made.read_bytes()]
    assert made.stat().st_mode & 0o077 == 0


def test_the_newest_are_kept_and_the_metric_tells_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "BACKUP_KEEP", 2)
    first, second, third = (made_at(tmp_path, passphrase="") for _ in range(3))
    assert third.removed == [Path(first.location).name]
    assert {str(one) for one in tmp_path.iterdir()} == {second.location, third.location}
    size = Path(third.location).stat().st_size
    assert read("airdrops_backup_bytes") == {(): size}
    assert third.bytes == size
