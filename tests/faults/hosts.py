"""Hosts to be killed and replaced: each a database and a folder of its own; they share the keys."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from psycopg import sql

from airdrops_site.backup.standing import another, standing_at
from tests.processes import environment, eventually, run_manage
from tests.scratch import migrate
from wallets.models import WorkerCluster

SQLITE, POSTGRES = "sqlite", "postgresql"
PASSPHRASE = "a passphrase of the restores"


@dataclass(slots=True)
class Host:
    """An installation on one engine, and the clusters of it that run."""

    name: str
    engine: str
    folder: Path
    clusters: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def _file(self) -> Path:
        return self.folder / "airdrops.sqlite3"

    def make(self, pattern: Path | None) -> None:
        """A new folder; with a pattern (a migrated SQLite file) also every table."""
        self.folder.mkdir(parents=True)
        if self.engine == POSTGRES:
            connection.close()
            template = str(connection.settings_dict["NAME"]) if pattern else "template1"
            _run("CREATE DATABASE {} TEMPLATE {}", self.name, template)
        elif pattern:
            shutil.copy(pattern, self._file)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Have this process see the host's database."""
        other = another(NAME=self.name) if self.engine == POSTGRES else sqlite_at(self._file)
        with standing_at(other):
            yield

    @property
    def variables(self) -> dict[str, str]:
        """What makes processes its own."""
        with self.standing():
            shared = environment()
        kept = ("DATABASE_URL", "AIRDROPS_KEYSTORE_DIR", "AIRDROPS_KEYSTORE_PASSPHRASE_FILE")
        return {
            **{name: shared[name] for name in kept},
            "AIRDROPS_DATA_DIR": str(self.folder),
            # Of this process too, whose wake-ups are jobs of theirs.
            "SECRET_KEY": settings.SECRET_KEY,
            "AIRDROPS_BACKUP_PASSPHRASE": PASSPHRASE,
            "AIRDROPS_WORKERS": "1",
            "AIRDROPS_LOG_LEVEL": "INFO",
        }

    @property
    def environment(self) -> dict[str, str]:
        """All that a process of it sees."""
        kept = {name: told for name, told in os.environ.items() if not name.startswith("AIRDROPS_")}
        own = {"AIRDROPS_ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "airdrops_site.settings"}
        return kept | own | self.variables

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command, run to its end by a process of this host."""
        return run_manage(*arguments, **self.variables)

    def answer(self, *arguments: str, right: tuple[int, ...] = (0,)) -> Any:
        """What a command says as JSON; its exit code must be one of the right ones."""
        done = self.manage(*arguments, "--json")
        if done.returncode not in right:
            raise RuntimeError(f"{self.name}: {arguments} ended {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def start(self, count: int) -> None:
        """So many clusters of one worker each; returns when they work."""
        for _ in range(count):
            with (self.folder / "clusters.log").open("ab") as log:
                cluster = subprocess.Popen(
                    [sys.executable, "manage.py", "qcluster"],
                    cwd=settings.BASE_DIR,
                    env=self.environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self.clusters.append(cluster)
        pids = [cluster.pid for cluster in self.clusters]
        with self.standing():
            alive = WorkerCluster.objects.filter(pid__in=pids, beat_at__isnull=False)
            if not eventually(lambda: alive.count() == len(pids)):
                raise RuntimeError(f"clusters did not start; see {self.folder}/clusters.log")

    def kill(self) -> int:
        """SIGKILL to everything of it that runs, all at once; how many clusters that were."""
        for cluster in self.clusters:
            os.killpg(cluster.pid, signal.SIGKILL)
        for cluster in self.clusters:
            cluster.wait()
        killed, self.clusters = len(self.clusters), []
        return killed

    def stop(self) -> None:
        """As an operator does."""
        for cluster in self.clusters:
            cluster.terminate()
        for cluster in self.clusters:
            try:
                cluster.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(cluster.pid, signal.SIGKILL)
                cluster.wait()
        self.clusters = []

    def remove(self) -> None:
        """With what runs of it, and its database; the folder stays for whoever asks why."""
        self.kill()
        if self.engine == POSTGRES:
            _run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)


@contextmanager
def two_hosts(seed: int, engines: tuple[str, str], folder: Path) -> Iterator[tuple[Host, Host]]:
    """One with every table, and the place for its successor, where nothing is yet."""
    place = folder / f"seed-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    names = (f"restores_{seed}_old", f"restores_{seed}_new")
    old, new = (Host(name, one, place / name) for name, one in zip(names, engines, strict=True))
    with ExitStack() as stack:
        for host in (old, new):
            stack.callback(host.remove)
        old.make(pattern_in(folder))
        new.make(None)
        yield old, new


def pattern_in(folder: Path) -> Path:
    """A migrated SQLite file; this process's own database is PostgreSQL's."""
    file = folder / "pattern.sqlite3"
    if not file.exists():
        with standing_at(sqlite_at(file)):
            migrate()
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=DELETE")
    return file


def sqlite_at(file: Path) -> BaseDatabaseWrapper:
    """A connection as the settings make them for SQLite, whatever engine this process is on."""
    engine = "django.db.backends.sqlite3"
    found = deepcopy(connection.settings_dict) | {"ENGINE": engine, "NAME": str(file)}
    found["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    made: BaseDatabaseWrapper = load_backend(engine).DatabaseWrapper(found, alias="default")
    return made


def _run(statement: str, *names: str) -> None:
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
