"""The data folder: what is in it, and whether it can be used."""

import os
import secrets
import shutil
import socket
from pathlib import Path

from django.conf import settings

from airdrops_site.environment import write_private
from airdrops_site.quickstart.errors import QuickstartError

# What `--reset` removes; anything else in the folder is not ours to delete.
OURS = (
    "airdrops.sqlite3",
    "airdrops.sqlite3-wal",
    "airdrops.sqlite3-shm",
    "devnet",
    "keystores",
    "logs",
    "operator_password",
    "keystore_passphrase",
)


def prepare() -> Path:
    """The folder with its passphrase and its inner folders, writable."""
    folder: Path = settings.DATA_DIR
    require_demo_settings()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("logs", "devnet", "keystores"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        if not settings.KEYSTORE_PASSPHRASE_FILE.exists():
            write_private(settings.KEYSTORE_PASSPHRASE_FILE, secrets.token_urlsafe(32))
    except OSError as error:
        raise QuickstartError(
            f"The data folder {folder} cannot be written ({error.strerror}); "
            "give AIRDROPS_DATA_DIR a folder this user can write."
        ) from error
    return folder


def require_demo_settings() -> None:
    """Refuse anything but the demo's own database and the devnet: no way to a real network."""
    if settings.CHAIN_ACCESS != "devnet":
        raise QuickstartError(
            f"AIRDROPS_CHAIN_ACCESS is {settings.CHAIN_ACCESS}; quickstart runs with devnet only. "
            "Unset it, or run the web server and qcluster yourself."
        )
    if settings.PRODUCTION:
        raise QuickstartError("AIRDROPS_ENV is production; quickstart is for development only.")
    database = settings.DATABASES["default"]
    if not settings.SQLITE or Path(database["NAME"]).parent != settings.DATA_DIR:
        raise QuickstartError(
            "DATABASE_URL names a database of its own; quickstart keeps its SQLite file in "
            "AIRDROPS_DATA_DIR and touches no other. Unset DATABASE_URL."
        )


def require_free_port(port: int) -> None:
    """Refuse a console port that another program holds."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise QuickstartError(
                f"Port {port} cannot be used for the console ({error.strerror}); stop the program "
                "that holds it or choose another with --port or AIRDROPS_PORT."
            ) from error


def claim(folder: Path) -> int:
    """Hold the folder for this process; a second quickstart on it is refused."""
    import fcntl

    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise QuickstartError(
            f"Another quickstart runs on {folder}; stop it first, or give AIRDROPS_DATA_DIR "
            "another folder."
        ) from error
    return descriptor


def empty(folder: Path) -> None:
    """Remove the demo that is in the folder, and make the folder ready again."""
    for name in OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    prepare()
