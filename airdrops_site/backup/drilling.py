"""A restore as in earnest, beside the running system, up to where a person would resume it.

Verification asks whether a backup can be read. This asks whether the system that comes out of it
would stand still, and whether the chain explains what happened since: what a person would meet
after the loss of everything. Nothing is signed, nothing is sent, and the place is thrown away.
"""

import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from airdrops_site.backup.bringing_back import let_nothing_run, to_this_version
from airdrops_site.backup.checking import Checked, check
from airdrops_site.backup.engines import Progress
from airdrops_site.backup.errors import BackupRefused
from airdrops_site.backup.loading import load
from airdrops_site.backup.migrations_then import applied
from airdrops_site.backup.places import beside
from airdrops_site.backup.standing import standing_at
from airdrops_site.models import Restore
from airdrops_site.restoring.asking import ask_chain
from scheduling.models import Run, Task
from scheduling.states import RunState
from wallets.models import Installation, Lease, NonceLane, WorkerCluster

# Where nodes keep no old states each block is read: some hundred requests, and no more.
MOST_BLOCKS = 5_000


@dataclass(slots=True)
class Drilled:
    """What came back, how long it took, and what would have been wrong with it."""

    rows: int
    # To where a person would be asked whether to resume.
    seconds: float = 0
    findings: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    # What a resume would wait for, such as a transaction that is in no block yet.
    waits: list[str] = field(default_factory=list)
    matches: dict[str, int] = field(default_factory=dict)


def drill(path: Path, passphrase: str, *, by: str, say: Progress) -> Drilled:
    """Restore it to a place of its own, pause it there, and ask the chain; BackupRefused if not.

    The running state is only read for its size. The chain is asked as after a real restore, but
    for at most MOST_BLOCKS blocks of a network one by one.
    """
    begun = time.monotonic()
    say("checking the backup")
    backup = check(path, passphrase)
    _refuse_without_room(backup)
    found = Drilled(backup.rows)
    with beside() as place:
        load(backup, passphrase, place, say)
        with standing_at(place.connection()):
            say("migrating")
            to_this_version()
            applied()
            restore = let_nothing_run(backup, path, by=by)
            found.findings = _what_would_run()
            say("asking the chain")
            _note(found, ask_chain(restore, by=by, most_blocks=MOST_BLOCKS))
    found.seconds = round(time.monotonic() - begun, 3)
    return found


def _refuse_without_room(backup: Checked) -> None:
    """A drill that fills the disk of the running database would stop everything.

    Of a PostgreSQL elsewhere nobody here knows the disk.
    """
    if connections["default"].vendor != "sqlite":
        return
    folder = Path(str(connections["default"].settings_dict["NAME"])).parent
    needed = 2 * sum(one["bytes"] for one in backup.manifest["members"].values())
    usage = shutil.disk_usage(folder)
    left = (usage.free - needed) * 100 // usage.total
    if left < settings.DISK_FREE_PERCENT:
        raise BackupRefused(
            f"the drill needs {needed:,} bytes beside the database and {left} % of the disk would "
            "be left; make room first"
        )


def _what_would_run() -> list[str]:
    """What a restored system must not have, each with how many of it there are."""
    now = timezone.now()
    due = Task.objects.filter(enabled=True, plan=None, next_due_at__lte=now)
    begun = Run.objects.filter(
        state__in=(RunState.PENDING, RunState.HELD), occurrence__due_at__lte=now
    )
    there = {
        "installations are not paused": Installation.objects.filter(paused=False),
        "lanes are open": NonceLane.objects.filter(paused=False),
        "leases are held": Lease.objects.exclude(owner=""),
        "clusters count as alive": WorkerCluster.objects.filter(fenced_at=None),
        "tasks are due": due,
        "runs of before would begin": begun,
    }
    counts = {what: rows.count() for what, rows in there.items()}
    return [f"{count} {what} after the restore" for what, count in counts.items() if count]


def _note(found: Drilled, restore: Restore) -> None:
    networks: dict[str, Any] = restore.findings["networks"]
    for slug, answer in networks.items():
        told = found.unknown if answer["silent"] else found.waits
        told += [f"{slug}: {sentence}" for sentence in answer["open"]]
    kinds = Counter(one["kind"] for answer in networks.values() for one in answer["matches"])
    found.matches = {str(kind): count for kind, count in kinds.items()}
