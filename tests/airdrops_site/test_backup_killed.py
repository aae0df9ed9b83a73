"""A backup and a restore that are killed in the middle: what they leave, and who clears it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from airdrops_site.backup.workspaces import PREFIX, clear_dead, workspace
from airdrops_site.cleaning.services import clean_up
from tests.airdrops_site.backups import PASSPHRASE, aside, digests, made_at, make_state
from tests.processes import eventually, manage

transactional = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def _killed(folder: Path, *words: str, once: Callable[[], bool]) -> None:
    """A real process of this command, killed at that moment."""
    log = folder / "log"
    with manage(*words, log=log, AIRDROPS_BACKUP_PASSPHRASE=PASSPHRASE) as process:
        assert eventually(lambda: process.poll() is not None or once(), every=0.002)
        assert process.poll() is None, log.read_text()
        process.kill()
        process.wait()


def _data_folder() -> Path:
    name = str(connection.settings_dict["NAME"])
    return Path(name).parent if connection.vendor == "sqlite" else Path(settings.DATA_DIR)


def _sessions() -> int:
    """Of others than this test, which must have none itself while a restore begins."""
    said = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as other:
        row = other.execute(said, [connection.settings_dict["NAME"]]).fetchone()
    return int(row[0]) if row else 0


@transactional
@pytest.mark.db
def test_the_next_backup_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    make_state()
    to = tmp_path / "backups"
    _killed(
        tmp_path,
        *("backup_state", "--to", str(to)),
        once=lambda: any(to.glob(f"{PREFIX}*/part")),
    )
    assert len(list(to.iterdir())) == 1
    named = {one for one in _data_folder().rglob("*") if PREFIX in str(one) and one.is_file()}
    assert not [one for one in named if one.read_bytes().startswith(b"SQLite format")]
    made = made_at(to)
    assert [str(one) for one in to.iterdir()] == [made.location]
    assert not list(_data_folder().glob(f"{PREFIX}*"))


@transactional
@pytest.mark.db
def test_a_killed_restore_changes_nothing_and_cleanup_clears_it(tmp_path: Path) -> None:
    make_state()
    made = made_at(tmp_path)
    before = digests()
    connection.close()

    def is_loading() -> bool:
        if connection.vendor == "sqlite":
            return any(_data_folder().glob(f"{PREFIX}*/*.sqlite3*"))
        return _sessions() > 1

    _killed(tmp_path, "restore_state", made.location, once=is_loading)
    assert connection.vendor == "sqlite" or eventually(lambda: _sessions() == 0)
    assert digests() == before
    assert len(left := aside()) == 1
    said: list[str] = []
    clean_up(by="test", progress=said.append)
    assert left[0] in said[0]
    assert aside() == []


def test_what_somebody_alive_or_another_host_may_need_is_left(tmp_path: Path) -> None:
    with workspace(tmp_path) as alive:
        (tmp_path / f"{PREFIX}being-made").mkdir()
        dead = tmp_path / alive.name.replace(PREFIX, f"{PREFIX}00000000-")
        dead.mkdir()
        (dead / "lock").touch()
        assert clear_dead(tmp_path) == []
        for one in (dead, dead / "lock"):
            os.utime(one, (1, 1))
        assert clear_dead(tmp_path) == [str(dead)]
        assert alive.is_dir()
    assert not alive.exists()


def test_on_a_disk_without_locks_nothing_is_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*_words: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", without)
    with workspace(tmp_path) as alive, workspace(tmp_path):
        assert alive.is_dir()
