"""Where passphrases come from: files, variables, a person at a terminal; never an argument."""

import getpass
import os
import sys
from pathlib import Path

from django.conf import settings

from wallets.signers.interface import SignerError


def passphrase() -> str:
    """The keystore folder's passphrase: its variable, or its file."""
    return settings.KEYSTORE_PASSPHRASE() or _of_file(
        settings.KEYSTORE_PASSPHRASE_FILE,
        "; set AIRDROPS_KEYSTORE_PASSPHRASE_FILE or AIRDROPS_KEYSTORE_PASSPHRASE",
    )


def asked_passphrase(*, file: str, variable: str, what: str) -> str:
    """Somebody else's passphrase: from the named file or variable, else typed without echo."""
    if file:
        return _of_file(Path(file))
    if variable:
        return os.environ.get(variable, "") or _refuse(f"the variable {variable} is not set")
    return asked_line(f"Passphrase of {what}: ")


def asked_line(prompt: str) -> str:
    """A secret line: typed without echo, or read from standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt).strip()
    return sys.stdin.readline().strip()


def _of_file(path: Path, advice: str = "") -> str:
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise SignerError(f"the passphrase file {path} cannot be read{advice}") from None
    return found or _refuse(f"the passphrase file {path} is empty")


def _refuse(sentence: str) -> str:
    raise SignerError(sentence)
