"""Something that happens just when the code under test has come to a named boundary."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from wallets.transactions import points


@contextmanager
def at(point: StrEnum, happens: Callable[[], object]) -> Iterator[None]:
    """Each time the boundary is reached in this process."""

    def listener(reached: StrEnum, _kind: str) -> None:
        if reached == point:
            happens()

    points.listen(listener)
    try:
        yield
    finally:
        points._listeners.remove(listener)
