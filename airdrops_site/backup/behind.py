"""Two things at a time: work that follows in another thread, and a file that is still written."""

import io
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

_MOST = 2
_LOOK_SECONDS = 0.005


class Behind:
    """Does work in the order given, at most two pieces behind; its errors come with a later call.

    Hashing, compressing and the database's socket all let go of the interpreter's lock.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "backup")
        self._under_way: deque[Future[None]] = deque()

    def do(self, work: Callable[..., None], *words: Any) -> None:
        """Have it done; waits while there is too much."""
        while len(self._under_way) >= _MOST:
            self._under_way.popleft().result()
        self._under_way.append(self._thread.submit(work, *words))

    def wait(self) -> None:
        """Until all of it is done."""
        while self._under_way:
            self._under_way.popleft().result()

    def stop(self) -> None:
        """Do nothing more of it."""
        self._thread.shutdown(wait=True, cancel_futures=True)


class Growing(io.RawIOBase):
    """A file that somebody else is writing, read to the end that it will have."""

    def __init__(self, path: Path, ended: Event) -> None:
        self._file = path.open("rb", buffering=0)
        self._ended = ended

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What is there, or comes next; 0 once it has ended."""
        while True:
            is_last = self._ended.is_set()
            found = self._file.readinto(buffer) or 0
            if found or is_last:
                return found
            self._ended.wait(_LOOK_SECONDS)

    def close(self) -> None:
        """The file as well."""
        self._file.close()
        super().close()
