"""COPY … TO STDOUT through psycopg's wrapper of libpq; its own loop takes thrice as long a row."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import OperationalError, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

_BLOCK = 256 * 1024


def copy_out(
    connection: psycopg.Connection[Any], statement: str, write: Callable[[bytearray], None]
) -> int:
    """Have whole rows written, many at a time; how many there were.

    Within a transaction that psycopg has begun, and of which nothing is wanted after an error.
    """
    _expect(connection.pgconn.exec_(statement.encode()), ExecStatus.COPY_OUT)
    done = _expect(
        connection.wait(_received(connection.pgconn, write)),
        ExecStatus.COMMAND_OK,
    )
    return int(done.command_tuples or 0)


def _received(pgconn: PGconn, write: Callable[[bytearray], None]) -> PQGen[PGresult | None]:
    held = bytearray()
    while True:
        size, row = pgconn.get_copy_data(1)
        if size > 0:
            held += row
            if len(held) >= _BLOCK:
                write(held)
                held.clear()
        elif size == 0:
            yield Wait.R
            pgconn.consume_input()
        else:
            break
    write(held)
    done = pgconn.get_result()
    # The protocol's end of it, without which nothing else can be asked.
    while pgconn.get_result() is not None:
        pass
    return done


def _expect(result: PGresult | None, status: ExecStatus) -> PGresult:
    if result is None or result.status != status:
        raise error_from_result(result) if result else OperationalError("the server said nothing")
    return result
