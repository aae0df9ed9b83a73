"""Where backups are kept: a folder, or a bucket of S3 and what speaks like it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.workspaces import workspace
from airdrops_site.redaction import redact_text

NAME = re.compile(r"airdrops-(?P<installation>[0-9a-f]{8})-\d{8}T\d{12}Z\.tar\.gz(\.age)?")


class Store(Protocol):
    """A place for backups."""

    def staging(self) -> Path:
        """The folder in which a backup for it is written under another name first."""

    def put(self, path: Path, name: str) -> str:
        """Keep the complete file of the staging folder under this name; where it is now."""

    def names(self) -> list[str]:
        """What is there by the pattern of our names, the newest first."""

    def delete(self, name: str) -> None:
        """Take one away."""


def store_at(place: str) -> Store:
    """The store that is named so; BackupRefused where it cannot be one."""
    if "://" in place:
        return S3Store(*_bucket_and_path(place))
    return FolderStore(Path(settings.BASE_DIR, place))


def _bucket_and_path(place: str) -> tuple[str, str]:
    """Of an s3:// address; one that holds credentials is repeated nowhere, nor kept in a row."""
    parts = urlsplit(place)
    if "@" in parts.netloc or parts.query:
        raise BackupRefused(
            "an s3:// address holds no credentials: leave out what is before the @ and after the "
            "?, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if parts.scheme != "s3" or not parts.netloc:
        raise BackupRefused(f"{place} is no place for backups; name a folder or s3://bucket/…")
    return parts.netloc, parts.path.strip("/")


@dataclass(frozen=True, slots=True)
class FolderStore:
    """A folder; files appear in it complete, readable by their owner only."""

    folder: Path

    def staging(self) -> Path:
        """Itself, so that the last step is a rename."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            sentence = f"{self.folder} is no folder that can be written: {error.strerror}"
            raise BackupRefused(sentence) from error
        return self.folder

    def put(self, path: Path, name: str) -> str:
        """Renamed; what is there by that name already is never written over."""
        os.link(path, self.folder / name)
        path.unlink()
        return str(self.folder / name)

    def names(self) -> list[str]:
        """The stamp in a name is of a fixed width: it sorts as the time does."""
        found = (one.name for one in self.folder.iterdir() if one.is_file())
        return _newest_first(found)

    def delete(self, name: str) -> None:
        """Only files are."""
        (self.folder / name).unlink()


@dataclass(frozen=True, slots=True)
class S3Store:
    """A bucket, and the path within it."""

    bucket: str
    prefix: str

    def staging(self) -> Path:
        """The data folder; the file leaves it with the upload."""
        return Path(settings.DATA_DIR)

    def put(self, path: Path, name: str) -> str:
        """In parts; the object appears when all of them are there."""
        key = self._key(name)
        with _s3() as client:
            client.upload_file(str(path), self.bucket, key)
        path.unlink()
        return f"s3://{self.bucket}/{key}"

    def names(self) -> list[str]:
        """Of this prefix only."""
        start = self._key("")
        with _s3() as client:
            pages = client.get_paginator("list_objects_v2")
            found = [
                one["Key"].removeprefix(start)
                for page in pages.paginate(Bucket=self.bucket, Prefix=start)
                for one in page.get("Contents", ())
            ]
        return _newest_first(found)

    def delete(self, name: str) -> None:
        """One object."""
        with _s3() as client:
            client.delete_object(Bucket=self.bucket, Key=self._key(name))

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name


@contextmanager
def local_file(place: str, folder: Path) -> Iterator[Path]:
    """The file of a backup that is named by its path or s3:// address, fetched if need be."""
    if not place.startswith("s3://"):
        yield Path(place)
        return
    bucket, key = _bucket_and_path(place)
    with workspace(folder) as mine:
        path = mine / (key.rpartition("/")[2] or "backup")
        with private_file(path) as file, _s3() as client:
            client.download_fileobj(bucket, key, file)
        yield path


def thin_out(store: Store, *, newest: str, keep: int) -> list[str]:
    """Delete all but so many of this installation's; never the one just made. 0 keeps all."""
    mine = NAME.fullmatch(newest)
    if not keep or mine is None:
        return []
    of_us = [one for one in store.names() if _installation(one) == mine["installation"]]
    gone = [one for one in of_us[keep:] if one != newest]
    for name in gone:
        store.delete(name)
    return gone


def _installation(name: str) -> str:
    found = NAME.fullmatch(name)
    return found["installation"] if found else ""


def _newest_first(names: Any) -> list[str]:
    return sorted((one for one in names if NAME.fullmatch(one)), reverse=True)


def private_file(path: Path) -> IO[bytes]:
    """A new file that only its owner can read; what somebody else laid there is none."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "wb")


@contextmanager
def _s3() -> Iterator[Any]:
    """A client; whatever S3 says no with becomes one sentence."""
    try:
        import boto3
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import (  # type: ignore[import-untyped]
            BotoCoreError,
            ClientError,
        )
    except ImportError as error:
        raise BackupRefused("s3:// needs boto3; install airdrops with the extra s3") from error
    try:
        address = settings.BACKUP_S3_ENDPOINT_URL or None
        yield boto3.client("s3", endpoint_url=address)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        told = redact_text(f"S3 does not take or give the backup: {error}")
        raise BackupRefused(told[:400]) from error
