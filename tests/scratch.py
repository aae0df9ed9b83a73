"""A folder, keys and a database for programmes that are run beside the tests."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from wallets.signers.loading import become_signing_process


def prepare(name: str) -> Path:
    """The folder; this process may sign with keys made in it, and the database is migrated."""
    folder = make_folder(name)
    migrate()
    return folder


def make_folder(name: str) -> Path:
    """The folder; this process may sign with keys made in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    settings.KEYSTORE_DIR = folder / "keystores"
    settings.KEYSTORE_PASSPHRASE_FILE = folder / "passphrase"
    settings.KEYSTORE_PASSPHRASE_FILE.write_text(f"a passphrase of {name}")
    become_signing_process()
    return folder


def migrate() -> None:
    """Every table, in the database of this process."""
    call_command("migrate", verbosity=0)
