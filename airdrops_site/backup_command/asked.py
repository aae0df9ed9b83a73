"""What the two commands have in common: the passphrase, and progress on stderr."""

from pathlib import Path

from django.conf import settings

from airdrops_site.answers import BadInput
from airdrops_site.backup.archive import is_encrypted
from airdrops_site.backup.engines import Progress


def passphrase_for_writing(*, plain: bool) -> str:
    """Empty only where a plain backup is asked for."""
    if plain:
        return ""
    if found := _passphrase():
        return found
    raise BadInput(
        "backups are encrypted and there is no passphrase; set AIRDROPS_BACKUP_PASSPHRASE_FILE, or "
        "say --plain if whoever reads the file may broadcast what is signed in it"
    )


def passphrase_for(path: Path) -> str:
    """The one that opens this file; empty where it needs none."""
    if not is_encrypted(path):
        return ""
    if found := _passphrase():
        return found
    raise BadInput(
        f"{path.name} is encrypted and there is no passphrase; set "
        "AIRDROPS_BACKUP_PASSPHRASE_FILE to the one it was made with"
    )


def progress_on(stderr: object) -> Progress:
    """A line for each part that begins; not for each piece of it."""
    last = ""

    def say(what: str) -> None:
        nonlocal last
        part = what.rpartition("/")[0] or what
        if part != last:
            last = part
            stderr.write(f"{part}\n")  # type: ignore[attr-defined]

    return say


def _passphrase() -> str:
    try:
        return settings.BACKUP_PASSPHRASE()
    except (OSError, ValueError) as error:
        sentence = f"AIRDROPS_BACKUP_PASSPHRASE_FILE cannot be read: {error}"
        raise BadInput(sentence) from error
