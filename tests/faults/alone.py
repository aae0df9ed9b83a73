"""A result that depends on nothing before it: made in a child, in a database of its own."""

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
from django.conf import settings
from django.db import connection

from tests.scratch import migrate

Line = dict[str, Any]


class Pattern:
    """A migrated database that nobody uses, to be copied; it lives as long as its server."""

    def __init__(self) -> None:
        self._server = connection.settings_dict["NAME"]
        self._name = f"pattern_{os.getpid()}"
        self._run(f'CREATE DATABASE "{self._name}"')
        _use(self._name)
        migrate()
        connection.close()
        # Most of httpx is imported with its first client: here, once for all children.
        httpx.Client(trust_env=False).close()
        gc.freeze()

    def alone(self, work: Callable[[], Line]) -> Line:
        """What the work comes to in a process that did nothing before, over a new copy."""
        name = f"{self._name}_copy"
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._name}"')
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(told)
            _use(name)
            _tell(tell, work)
        os.close(tell)
        with open(told) as reader:
            answer = reader.read()
        if os.waitpid(child, 0)[1]:
            raise RuntimeError("the process that played it failed; see above")
        line: Line = json.loads(answer)
        return line

    def _run(self, statement: str) -> None:
        url = os.environ["TEST_DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(statement)


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def _tell(tell: int, work: Callable[[], Line]) -> None:
    """The end of the child: without what the parent does at its own."""
    code = 1
    try:
        answer = json.dumps(work())
        with open(tell, "w") as writer:
            writer.write(answer)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
