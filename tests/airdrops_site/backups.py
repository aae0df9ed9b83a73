"""What tests of backups share: a state worth keeping, and digests of what is in a database."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from airdrops_site.backup.archive import HEADER, MANIFEST, ArchiveWriter, opened
from airdrops_site.backup.making import Made, make_backup
from airdrops_site.backup.manifest import Manifest
from airdrops_site.backup.places import old_ones
from airdrops_site.backup.rows import lines
from airdrops_site.backup.tables import kept_models
from airdrops_site.backup.workspaces import PREFIX
from tests.airdrops_site.conftest import add_network
from tests.factories import an_address
from wallets.amounts import MAX_UINT256
from wallets.models import NonceLane, Transaction, Wallet, WalletTag

PASSPHRASE = "a passphrase of the tests"
# Written by a backup, or changed by a restore.
_CHANGING = {
    "airdrops_site_operation",
    "airdrops_site_restore",
    "wallets_installation",
    "wallets_lease",
    "wallets_noncelane",
    "wallets_transition",
}


def make_state() -> Transaction:
    """The largest amount, every byte, a nested JSON, a moment with microseconds, a join table."""
    network = add_network("kept", 4001)
    wallet = Wallet.objects.create(
        label="kept",
        address=an_address("kept"),
        signer_kind="watch_only",
        verified_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )
    wallet.tags.add(WalletTag.objects.create(name="cold"))
    lane = NonceLane.objects.create(wallet=wallet, network=network, baseline_nonce=7)
    return Transaction.objects.create(
        lane=lane,
        network=network,
        idempotency_key='tab\t, line\n, back\\slash, "quote", ü',
        origin="test",
        protocol="evm",
        action="transfer",
        to=an_address("there"),
        value=MAX_UINT256,
        data=bytes(range(256)),
        expectations={"deep": [1, None, {"wide": 2**70, "text": "\n"}]},
    )


def made_at(folder: Path, **options: Any) -> Made:
    """A backup in the folder."""
    options = {"passphrase": PASSPHRASE} | options
    return make_backup(to=str(folder), by="test", say=lambda _what: None, **options)


def digests() -> dict[str, str]:
    """Per table of the database that is stood at, whatever the order of its rows."""
    return {
        one._meta.db_table: _digest(one)
        for one in kept_models()
        if one._meta.db_table not in _CHANGING
    }


def scratch_sqlite(folder: Path) -> BaseDatabaseWrapper:
    """A database of the other engine, empty."""
    engine = "django.db.backends.sqlite3"
    settings = connection.settings_dict | {"ENGINE": engine, "NAME": str(folder / "other.sqlite3")}
    settings["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    made: BaseDatabaseWrapper = load_backend(engine).DatabaseWrapper(settings, alias="default")
    return made


def rewritten(
    made: Path,
    change: Callable[[Manifest], None],
    rows: Callable[[str, bytes], bytes] = lambda _table, data: data,
) -> Path:
    """Another backup of its members, whole by its own account, with facts and rows changed."""
    to = made.with_name("rewritten")
    with (
        opened(made, PASSPHRASE) as members,
        to.open("wb") as raw,
        ArchiveWriter(raw, "") as archive,
    ):
        for one in members:
            data = b"".join(one.blocks())
            if one.name in (HEADER, MANIFEST):
                change(facts := json.loads(data))
            if one.name == HEADER:
                archive.add_json(HEADER, facts)
            elif one.name == MANIFEST:
                archive.close(facts)
            elif kept := rows(one.name.split("/")[1], data) if "data/" in one.name else data:
                archive.add(one.name, kept)
    return to


def aside() -> list[str]:
    """What restores made beside the database, or left there."""
    if connection.vendor == "sqlite":
        folder = Path(str(connection.settings_dict["NAME"])).parent
        return sorted(str(one) for one in folder.glob(f"{PREFIX}*")) + old_ones()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'airdrops_%'")
        return [str(name) for (name,) in cursor.fetchall()]


def _digest(model: Any) -> str:
    # jsonb keeps no order of keys.
    sorted_lines = (json.dumps(json.loads(line), sort_keys=True) for line in lines(model))
    total = sum(
        int.from_bytes(hashlib.sha256(line.encode()).digest(), "big") for line in sorted_lines
    )
    return f"{total:x}"
