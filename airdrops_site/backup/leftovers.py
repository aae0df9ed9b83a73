"""What backups and restores that were killed left behind, wherever ours are made."""

from pathlib import Path

from django.conf import settings
from django.db import connections

from airdrops_site.backup.making import folder_for_copies
from airdrops_site.backup.places import clear_dead_schemas
from airdrops_site.backup.workspaces import clear_dead


def clear_leftovers() -> list[str]:
    """Delete what belongs to no process any more; what it was."""
    folders = {folder_for_copies(), Path(settings.DATA_DIR)}
    if "://" not in settings.BACKUP_DIR:
        folders.add(Path(settings.BASE_DIR, settings.BACKUP_DIR))
    gone = [one for folder in sorted(folders) for one in clear_dead(folder)]
    if connections["default"].vendor == "postgresql":
        gone += clear_dead_schemas()
    return gone
