"""Folders for files that must not outlive the process that makes them.

Whoever has one holds a lock of the operating system in it, which ends with the process however it
ends. A folder may be shared by hosts, and not every shared disk shares its locks: what another
host left is only cleared when nothing of it was written for a day.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

PREFIX = ".airdrops-work-"
_LOCK = "lock"
_SURELY_DEAD_SECONDS = 24 * 3600


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """A folder within `folder` for this process only; what killed ones left there is cleared."""
    clear_dead(folder)
    made, lock = _claimed(folder)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def clear_dead(folder: Path) -> list[str]:
    """Delete what processes left that are dead beyond doubt; what it was."""
    found = sorted(one for one in folder.glob(f"{PREFIX}*") if not one.is_symlink())
    return [str(one) for one in found if _cleared(one)]


def _claimed(folder: Path) -> tuple[Path, int]:
    while True:
        made = Path(tempfile.mkdtemp(prefix=_prefix(), dir=folder))
        lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(lock)
        except BlockingIOError:
            os.close(lock)
            continue
        # Between the two lines above somebody may have taken it for a dead one's.
        if _is_at(lock, made / _LOCK):
            return made, lock
        os.close(lock)


def _cleared(made: Path) -> bool:
    try:
        lock = os.open(made / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        # It is being made, or its maker died before the lock was there.
        return _is_old(made) and _removed(made)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return (made.name.startswith(_prefix()) or _is_old(made)) and _removed(made)
    except OSError:
        # It is held; or this disk has no locks, and nobody can know.
        return False
    finally:
        os.close(lock)


def _lock(lock: int) -> None:
    """BlockingIOError if another has it; on a disk without locks nobody can, nor clear it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return


def _is_at(lock: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(lock), path.stat())
    return False


def _is_old(made: Path) -> bool:
    newest = max((one.lstat().st_mtime for one in (made, *made.iterdir())), default=0.0)
    return time.time() - newest > _SURELY_DEAD_SECONDS


def _removed(made: Path) -> bool:
    shutil.rmtree(made, ignore_errors=True)
    return not made.exists()


def _prefix() -> str:
    """Names of hosts may begin with each other; their digests are of one length."""
    return f"{PREFIX}{hashlib.sha256(settings.HOST_NAME.encode()).hexdigest()[:8]}-"
