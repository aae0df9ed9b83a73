"""Threads that work at the same time, as workers of several processes would."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

from django.db import connection


@contextmanager
def workers(count: int) -> Iterator[Callable[..., Future[Any]]]:
    """Threads, each with a connection of its own that it closes."""

    def run(work: Callable[..., Any], *arguments: Any) -> Any:
        with closing(connection):
            return work(*arguments)

    with ThreadPoolExecutor(count) as pool:
        yield lambda work, *arguments: pool.submit(run, work, *arguments)
