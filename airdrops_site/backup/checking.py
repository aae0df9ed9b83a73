"""Read a whole backup and see that it is what it says, before anything is done with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from airdrops_site.backup.archive import HEADER, MANIFEST, Member, opened
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.manifest import Manifest, check_header, same
from airdrops_site.backup.shape import Whole, require_shape
from airdrops_site.backup.surroundings import CONFIGURATION


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup whose every byte was read and fits its manifest."""

    path: Path
    manifest: Manifest
    configuration: dict[str, str]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(self.manifest["rows"].values())


def check(path: Path, passphrase: str, *, ended: Event | None = None) -> Checked:
    """The backup, read to its end; BackupRefused in one sentence for whatever is wrong.

    With `ended` it is checked while it is written, until that is set.
    """
    with opened(path, passphrase, ended=ended) as members:
        first = _first(members)
        kept: dict[str, Any] = {}
        begins = first.json()
        digests = {HEADER: first.facts()}
        for member in members:
            if member.name in (MANIFEST, CONFIGURATION):
                kept[member.name] = member.json()
            digests[member.name] = member.facts()
    manifest = kept.get(MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("members"), dict):
        raise BackupRefused(f"{path.name} is cut short: its manifest is missing; use another copy")
    _compare(manifest, digests)
    check_header(begins)
    if not same(begins, manifest):
        raise BackupRefused(f"{path.name} was changed: its beginning is of another backup")
    configuration = kept.get(CONFIGURATION, {})
    require_shape(Whole, manifest | {"configuration": configuration})
    return Checked(path, manifest, configuration)


def _first(members: Iterator[Member]) -> Member:
    member = next(members, None)
    if member is None or member.name != HEADER:
        raise BackupRefused("the file is no backup of ours: it does not begin with a header")
    return member


def _compare(manifest: Manifest, found: dict[str, Any]) -> None:
    said = manifest["members"]
    found.pop(MANIFEST)
    for name in sorted(said.keys() | found.keys()):
        if said.get(name) != found.get(name):
            raise BackupRefused(
                f"the backup was changed: {name} is not what its manifest says; use another copy"
            )
