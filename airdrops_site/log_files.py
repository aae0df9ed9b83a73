"""A log file that any number of processes write to, and that one of them rotates at a time."""

import fcntl
import logging
import os
import sys
from pathlib import Path
from typing import IO, Any

_PRIVATE = 0o640


class SharedFileHandler(logging.Handler):
    """Whole lines at the end of one file, under a lock of the operating system.

    The standard library's handler renames the file under other processes, whose lines are then
    lost. Here whoever writes holds `<file>.lock`, looks whether the file is still the one it has
    open, and rotates it itself when the line would make it larger than `most_bytes`. `files`
    rotated ones are kept: `<file>.1` is the newest. What logrotate moves away is let go as well.
    """

    def __init__(self, path: Path, *, most_bytes: int, files: int) -> None:
        super().__init__()
        self.path, self.most_bytes, self.files = path, most_bytes, files
        self._file: int | None = None
        self._lock_file: IO[Any] | None = None
        self._pid = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One line; a disk that is full or a folder that is gone loses it, and stops nobody."""
        try:
            line = self.format(record).encode(errors="backslashreplace") + b"\n"
            self._write(line)
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """The standard library would print the arguments of the failed line as they are."""
        kind = sys.exc_info()[0]
        name = kind.__name__ if kind else "?"
        where = f"{record.pathname}:{record.lineno}"
        sys.stderr.write(f"A line of {where} is missing in {self.path.name}: {name}.\n")

    def close(self) -> None:
        """Give both files back."""
        self._forget()
        super().close()

    def _write(self, line: bytes) -> None:
        lock = self._lock()
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            opened = self._current()
            if 0 < os.fstat(opened).st_size > self.most_bytes - len(line):
                self._rotate()
                opened = self._current()
            _write_all(opened, line)
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)

    def _lock(self) -> IO[Any]:
        """After a fork a file of our own: a lock that is shared with the parent locks nothing."""
        if self._lock_file is None or self._pid != os.getpid():
            self._forget()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
            self._lock_file, self._pid = os.fdopen(opened, "r+b", buffering=0), os.getpid()
        return self._lock_file

    def _current(self) -> int:
        """The file that has the name now, whoever renamed the one that had it."""
        if self._file is not None and not _is(self.path, self._file):
            os.close(self._file)
            self._file = None
        if self._file is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.open(self.path, flags, _PRIVATE)
        return self._file

    def _rotate(self) -> None:
        for number in range(self.files - 1, 0, -1):
            older = Path(f"{self.path}.{number}")
            if older.exists():
                older.replace(f"{self.path}.{number + 1}")
        self.path.replace(f"{self.path}.1")

    def _forget(self) -> None:
        if self._file is not None:
            os.close(self._file)
        if self._lock_file is not None:
            self._lock_file.close()
        self._file = self._lock_file = None


def _is(path: Path, opened: int) -> bool:
    try:
        there, mine = path.stat(), os.fstat(opened)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def _write_all(opened: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(opened, left) :]
