"""The monthly cleanup."""

import sys

from airdrops_site.cleaning.services import clean_up


def clean(by: str) -> None:
    """Older than AIRDROPS_KEEP_DAYS; it keeps a row of its own."""
    clean_up(by=by, progress=_tell)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
