"""Make a backup: one file, complete or not there at all."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import IO, Any

from django.conf import settings
from django.db import connections

from airdrops_site.backup import engines, surroundings
from airdrops_site.backup.archive import HEADER, ArchiveWriter
from airdrops_site.backup.chain_positions import chain_positions
from airdrops_site.backup.checking import check
from airdrops_site.backup.engines import Progress
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.manifest import Manifest, header
from airdrops_site.backup.stores import private_file, store_at, thin_out
from airdrops_site.backup.workspaces import workspace
from airdrops_site.operations import Kind, recorded


@dataclass(frozen=True, slots=True)
class Made:
    """A complete backup: where it is, and what it took."""

    location: str
    bytes: int
    rows: int
    seconds: float
    encrypted: bool
    removed: list[str]


def make_backup(
    *, to: str, passphrase: str, by: str, say: Progress, portable: bool = False
) -> Made:
    """The state as it is this moment, in a new file at the place `to`; older ones thinned out.

    Without a passphrase it is not encrypted. BackupRefused in one sentence; nothing is left then.
    """
    begun = time.monotonic()
    store = store_at(to)
    with recorded(Kind.BACKUP, by=by, location=to) as noted:
        try:
            with workspace(store.staging()) as folder:
                part = folder / "part"
                facts = _write_and_check(part, passphrase, portable=portable, say=say)
                size = part.stat().st_size
                name = file_name(facts, encrypted=bool(passphrase))
                location = store.put(part, name)
        except OSError as error:
            sentence = f"the backup cannot be written to {to}: {error.strerror or error}"
            raise BackupRefused(sentence) from error
        removed = thin_out(store, newest=name, keep=settings.BACKUP_KEEP)
        rows, seconds = sum(facts["rows"].values()), round(time.monotonic() - begun, 3)
        noted.location = location
        noted.summary = f"{rows} rows in {size} bytes, {len(removed)} older ones deleted"
        noted.figures = {"bytes": size, "rows": rows, "seconds": seconds}
    return Made(location, size, rows, seconds, bool(passphrase), removed)


def file_name(facts: Manifest, *, encrypted: bool) -> str:
    """Whose it is, and of when."""
    made_at = datetime.fromisoformat(facts["made_at"]).astimezone(UTC)
    whose = facts["installation"].replace("-", "")[:8]
    return f"airdrops-{whose}-{made_at:%Y%m%dT%H%M%S%fZ}.tar.gz{'.age' if encrypted else ''}"


def folder_for_copies() -> Path:
    """Where a plain copy of the database may be for a while: beside the database itself."""
    here = connections["default"]
    if here.vendor == "sqlite":
        return Path(str(here.settings_dict["NAME"])).parent
    return Path(settings.DATA_DIR)


def _write_and_check(part: Path, passphrase: str, *, portable: bool, say: Progress) -> Manifest:
    """Read again, as it is in the file, by another thread that follows the one that writes."""
    ended = Event()
    with ThreadPoolExecutor(1, "check") as other:
        with private_file(part) as raw:
            checked = other.submit(check, part, passphrase, ended=ended)
            try:
                facts = _write(raw, passphrase, portable=portable, say=say)
            finally:
                ended.set()
        say("checking what was written")
        checked.result()
    return facts


def _write(raw: IO[bytes], passphrase: str, *, portable: bool, say: Progress) -> Manifest:
    with ArchiveWriter(raw, passphrase) as archive:
        # Whoever reads it tells by the first line whether it is encrypted.
        raw.flush()
        with engines.frozen(folder_for_copies()) as file:
            facts = header(portable=portable)
            archive.add_json(HEADER, facts)
            _write_surroundings(archive)
            last: dict[str, Any] = {
                "chain": chain_positions(),
                "sequences": engines.sequences(),
            }
            if portable:
                last["rows"] = engines.write_portable(archive, say).rows
            else:
                last["rows"] = engines.write_native(archive, file, say).rows
            archive.close(facts | last)
        raw.flush()
        os.fsync(raw.fileno())
    return facts | last


def _write_surroundings(archive: ArchiveWriter) -> None:
    archive.add_json(surroundings.CONFIGURATION, surroundings.configuration())
    archive.add_json(surroundings.DEPLOYMENTS, surroundings.deployments())
    for name, data in surroundings.files():
        archive.add(name, data)
