"""Calls that may hang: side by side, in threads that can be left behind."""

import time
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from threading import Thread


class Deadline:
    """A moment that may be drawn nearer."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it is past."""
        return max(0.0, self._at - time.monotonic())

    def at_most(self, seconds: float) -> None:
        """No later than so many seconds from now."""
        self._at = min(self._at, time.monotonic() + seconds)


def answers_within[K, T](
    calls: Mapping[K, Callable[[], T]], deadline: Deadline
) -> Iterator[tuple[K, T]]:
    """Each call's answer as it comes; whoever has not answered by the deadline is left behind.

    A thread cannot be stopped: one that hangs (in a name server, in a slow drip of bytes) must
    hold nothing that anybody needs, and in particular never touch the database.
    """
    answers: SimpleQueue[tuple[K, T]] = SimpleQueue()
    for key, call in calls.items():
        Thread(target=_put, args=(answers, key, call), daemon=True).start()
    for _ in calls:
        try:
            yield answers.get(timeout=deadline.left)
        except Empty:
            return


def answer_within[T](call: Callable[[], T], seconds: float) -> T | None:
    """The call's answer, or None if it has not come in time."""
    for _, answer in answers_within({0: call}, Deadline(seconds)):
        return answer
    return None


def _put[K, T](answers: SimpleQueue[tuple[K, T]], key: K, call: Callable[[], T]) -> None:
    answers.put((key, call()))
