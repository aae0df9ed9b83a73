"""The one file of a backup: a compressed tar, its members hashed, the manifest the last of them."""

import hashlib
import io
import json
import tarfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from pathlib import Path
from threading import Event
from typing import IO, Any, Self, cast

from airdrops_site.backup.age import INTRO, AgeReader, AgeWriter
from airdrops_site.backup.behind import Behind, Growing
from airdrops_site.backup.errors import BackupRefused

HEADER = "header.json"
MANIFEST = "manifest.json"
# A table is kept in pieces of about this size: a tar wants to know how long a member is.
PIECE = 4 * 1024 * 1024
_MOST_FACTS = 64 * 1024 * 1024
_BLOCK = 1024 * 1024


class Member:
    """One member while it is read: hashed as it goes by."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = name
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes = 0

    def read(self, size: int = _BLOCK) -> bytes:
        """The next bytes; empty at its end."""
        data = self._file.read(size)
        self._hash.update(data)
        self.bytes += len(data)
        return data

    def blocks(self) -> Iterator[bytes]:
        """What is left of it."""
        while data := self.read():
            yield data

    def facts(self) -> dict[str, Any]:
        """How long it is and its digest, read to the end."""
        for _ in self.blocks():
            pass
        return {"bytes": self.bytes, "sha256": self._hash.hexdigest()}

    def json(self) -> Any:
        """A small member's content."""
        data = self.read(_MOST_FACTS)
        try:
            return json.loads(data)
        except ValueError as error:
            raise BackupRefused(f"the backup's {self.name} is no JSON: it is damaged") from error


class ArchiveWriter:
    """Members go in by name, and are written in another thread; `close` ends it with the manifest.

    As a context it stops that thread, whatever happens.
    """

    def __init__(self, raw: IO[bytes], passphrase: str) -> None:
        self._age = AgeWriter(raw, passphrase) if passphrase else None
        below = cast("IO[bytes]", self._age or raw)
        self._gzip = GzipFile(filename="", mode="wb", compresslevel=1, fileobj=below, mtime=0)
        self._tar = tarfile.open(  # noqa: SIM115
            fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_BLOCK
        )
        # 16 KiB at a time keep the interpreter busier than what it calls.
        self._tar.copybufsize = _BLOCK  # type: ignore[attr-defined]
        self._behind = Behind()
        self._members: dict[str, dict[str, Any]] = {}

    @property
    def members(self) -> dict[str, dict[str, Any]]:
        """Size and digest of each that was added, once they are written."""
        self._behind.wait()
        return self._members

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._behind.stop()
        # What was given up would write its end whenever it is collected.
        for one in (self._tar, self._gzip):
            with suppress(OSError, ValueError):
                one.close()

    def add(self, name: str, data: bytes) -> None:
        """A member that is in memory."""
        self.add_file(name, io.BytesIO(data), len(data))

    def add_json(self, name: str, facts: Any) -> None:
        """A member of plain values."""
        self.add(name, json.dumps(facts, indent=1, sort_keys=True).encode())

    def add_file(self, name: str, file: IO[bytes], size: int) -> None:
        """A member of this size, read as it is written."""
        self._behind.do(self._put, name, file, size)

    def _put(self, name: str, file: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(time.time())
        member = Member(name, file)
        self._tar.addfile(info, cast("IO[bytes]", member))
        # It keeps every member it has written.
        self._tar.members = []  # type: ignore[attr-defined]
        self._members[name] = member.facts()

    def close(self, manifest: dict[str, Any]) -> None:
        """The manifest with the members' digests, and the end of the file."""
        self.add_json(MANIFEST, manifest | {"members": self.members})
        self._behind.wait()
        self._tar.close()
        self._gzip.close()
        if self._age:
            self._age.close()


class Pieces:
    """A stream that becomes members `<name>/000001`, `<name>/000002`, …, each whole rows."""

    def __init__(self, archive: ArchiveWriter, name: str) -> None:
        self._archive, self._name = archive, name
        self._held = bytearray()
        self._count = 0

    def write(self, rows: bytes | bytearray) -> None:
        """One or more whole rows."""
        self._held += rows
        if len(self._held) >= PIECE:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if self._held:
            self._count += 1
            self._archive.add(f"{self._name}/{self._count:06d}", bytes(self._held))
            self._held.clear()


@contextmanager
def opened(
    path: Path, passphrase: str, *, ended: Event | None = None
) -> Iterator[Iterator[Member]]:
    """The members in order; BackupRefused for whatever is wrong with the file.

    With `ended` the file is still written, and has its end once that is set.
    """
    try:
        with BufferedReader(Growing(path, ended)) if ended else path.open("rb") as raw:
            yield _members(_plain(raw, passphrase))
    except OSError as error:
        if isinstance(error, BadGzipFile):
            raise BackupRefused(_damaged(path)) from error
        raise BackupRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BackupRefused(_damaged(path)) from error


def is_encrypted(path: Path) -> bool:
    """Whether a passphrase is needed for it."""
    try:
        with path.open("rb") as raw:
            return raw.read(len(INTRO)) == INTRO
    except OSError as error:
        sentence = f"{path} cannot be read ({error.strerror}); name a backup's file"
        raise BackupRefused(sentence) from error


def _plain(raw: "BufferedReader[Any]", passphrase: str) -> IO[bytes]:
    # A file that grows cannot go back; its writer has all of this in it before it is read.
    start = raw.peek(len(INTRO))[: len(INTRO)]
    return cast("IO[bytes]", AgeReader(raw, passphrase)) if start == INTRO else raw


def _members(below: IO[bytes]) -> Iterator[Member]:
    with (
        GzipFile(fileobj=below, mode="rb") as unpacked,
        tarfile.open(fileobj=unpacked, mode="r|", bufsize=_BLOCK) as tar,
    ):
        for info in tar:
            tar.members = []  # type: ignore[attr-defined]
            file = tar.extractfile(info)
            if file is not None:
                yield Member(info.name, file)
        # To the end, where gzip's and age's last words are.
        while unpacked.read(_BLOCK):
            pass


def _damaged(path: Path) -> str:
    return f"{path.name} is no backup, or is damaged or cut short; use another copy"
