"""Whole installations beside the test's: a database, processes and an id of their own."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from tests.chains import Chain
from tests.processes import run_manage
from tests.settings import FOLDER_VARIABLE
from wallets.models import Wallet

_HEAD = """
from airdrops_site.devnet.rpc import DevnetRpc
from tests.chains import Chain, make_network
from tests.wallets.intents import transfer
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.transactions.tick import tick
from wallets.signers.loading import become_signing_process
become_signing_process()
"""
_SET_UP = """
make_network(Chain("{url}", DevnetRpc("{url}")))
Wallet.objects.create(label="same", address="{address}", status="verified",
    signer_kind="keystore", signer_reference="{reference}")
"""
_QUEUE = """
wallet, network = Wallet.objects.get(), Network.objects.get()
for value in {values}:
    row = transfer(wallet, network, wallet.address, key=str(value), value=value)
"""
_ROWS = """
SELECT value, state, outcome, nonce, detail FROM wallets_transaction
WHERE origin = 'test' ORDER BY id
"""
_NEW_ID = """
import uuid
from wallets.models import Installation
Installation.objects.update(id=uuid.uuid4())
"""
_CLAIM = """
from wallets.models import Installation
NonceLane.objects.create(wallet=Wallet.objects.get(), network=Network.objects.get(),
    baseline_nonce=0, installation_id=Installation.objects.get().pk)
"""
_TICK = """
from wallets.models import RpcEndpoint
RpcEndpoint.objects.update(can_send={can_send})
tick(NonceLane.objects.get().pk)
RpcEndpoint.objects.update(can_send=True)
"""
_RESEND = """
from wallets.transactions.operator import resend_transaction
for row in Transaction.objects.order_by("nonce"):
    resend_transaction(transaction_id=row.pk, actor="test")
"""
_HASHES = "SELECT hash FROM wallets_attempt ORDER BY nonce, id"
_LANE = "SELECT paused, pause_reason FROM wallets_noncelane"


@cache
def _migrated() -> Path:
    """An empty database, once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(dir=os.environ[FOLDER_VARIABLE]))
    done = run_manage("migrate", AIRDROPS_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return folder / "airdrops.sqlite3"


class Row(NamedTuple):
    """A transaction of an installation."""

    value: int
    state: str
    outcome: str
    nonce: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Installation:
    """One over SQLite, with keystores that it shares with whoever has the folder."""

    folder: Path
    keystores: Path

    @property
    def variables(self) -> dict[str, str]:
        """What makes its processes its own."""
        return {
            "AIRDROPS_DATA_DIR": str(self.folder),
            "AIRDROPS_KEYSTORE_DIR": str(self.keystores / "keystores"),
            "AIRDROPS_KEYSTORE_PASSPHRASE_FILE": str(self.keystores / "passphrase"),
        }

    def set_up(self, chain: Chain, wallet: Wallet) -> None:
        """The chain as its network and the wallet, by the same key, as its own."""
        self.folder.mkdir()
        shutil.copy(_migrated(), self.folder / "airdrops.sqlite3")
        self.run(
            _SET_UP.format(url=chain.url, address=wallet.address, reference=wallet.signer_reference)
        )

    def copied(self, name: str, *, new_id: bool = False) -> "Installation":
        """The same beside it: as a copied disk, or, with an id of its own, as another's."""
        copy = Installation(self.folder.parent / name, self.keystores)
        shutil.copytree(self.folder, copy.folder)
        if new_id:
            copy.run(_NEW_ID)
        return copy

    def run(self, script: str) -> str:
        """What the script prints, run in a process of this installation."""
        done = run_manage("shell", "-v", "0", "-c", _HEAD + script, **self.variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def queue(self, values: list[int], *, claim: bool = False) -> None:
        """An intent to send each of these amounts of wei to the wallet itself.

        `claim` as if its lane had had its first turn before the key was used anywhere.
        """
        self.run((_CLAIM if claim else "") + _QUEUE.format(values=values))

    def resend(self) -> None:
        """Its operator has everything sent once more."""
        self.run(_RESEND)

    def tick(self, *, can_send: bool = True) -> None:
        """Give its lane a turn."""
        self.run(_TICK.format(can_send=can_send))

    def hashes(self) -> list[str]:
        """Of its attempts, the lowest nonce first."""
        return [tx_hash for (tx_hash,) in self._ask(_HASHES)]

    def rows(self) -> list[Row]:
        """Its transactions."""
        return [Row(int(value), *rest) for value, *rest in self._ask(_ROWS)]

    def pause_reason(self) -> str:
        """Why its lane is paused; empty if it is not."""
        ((paused, reason),) = self._ask(_LANE)
        return str(reason) if paused else ""

    def _ask(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "airdrops.sqlite3", timeout=20)) as database:
            return database.execute(question).fetchall()

    @contextmanager
    def working(self) -> Iterator[None]:
        """While its workers work."""
        log = (self.folder / "workers.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "AIRDROPS_ENV_FILE": os.devnull, **self._whole_environment()},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)
            log.close()

    def _whole_environment(self) -> dict[str, str]:
        return {
            **self.variables,
            "DATABASE_URL": f"sqlite:///{self.folder / 'airdrops.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "airdrops_site.settings",
        }
