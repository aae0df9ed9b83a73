"""Making backups, and trying them out."""

import sys

from django.core.management import CommandError, call_command
from django.utils import timezone

from airdrops_site.backup.drilling import drill
from airdrops_site.backup.making import folder_for_copies
from airdrops_site.backup.stores import local_file
from airdrops_site.backup_command.asked import passphrase_for, progress_on
from airdrops_site.models import Operation
from airdrops_site.operations import Kind, Outcome, recorded
from airdrops_site.upkeep.results import Result

COMMAND = "backup_state"


def back_up(_by: str) -> None:
    """To AIRDROPS_BACKUP_DIR; the command keeps a row of its own."""
    call_command(COMMAND)


def verify(by: str) -> None:
    """The newest backup's hashes and counts, after loading it into a scratch database.

    The command keeps a row of its own; one that cannot be read is a failure, and not a finding:
    nothing was verified.
    """
    newest = _newest()
    if newest is None:
        with recorded(Kind.BACKUP_VERIFICATION, by=by) as noted:
            _nothing().write(noted)
        return
    began = timezone.now()
    try:
        call_command(COMMAND, "--verify", newest.location)
    except CommandError:
        # One that is gone, or that nobody can open, is refused before there is a row to tell of it.
        if Operation.objects.filter(kind=Kind.BACKUP_VERIFICATION, started_at__gte=began).exists():
            raise
        with recorded(Kind.BACKUP_VERIFICATION, by=by, location=newest.location):
            raise


def restore_beside(by: str) -> Result:
    """The newest backup as if everything were lost: restored, paused, the chain asked."""
    newest = _newest()
    if newest is None:
        return _nothing()
    with local_file(newest.location, folder_for_copies()) as path:
        done = drill(path, passphrase_for(path), by=by, say=progress_on(sys.stderr))
    told = sum(done.matches.values())
    summary = (
        f"The backup of {newest.started_at:%Y-%m-%d %H:%M} came back in {done.seconds:.0f} s, "
        f"paused; {told} transactions since it were found on chain, {len(done.waits)} things "
        "would be waited for."
    )
    figures = {"rows": done.rows, "seconds": done.seconds, "matches": done.matches}
    figures |= {"waits": done.waits, "backup": newest.location}
    return Result(summary, done.findings, done.unknown, figures)


def _newest() -> Operation | None:
    made = Operation.objects.filter(kind=Kind.BACKUP, outcome=Outcome.SUCCEEDED)
    return made.exclude(location="").order_by("-started_at").first()


def _nothing() -> Result:
    return Result("There is no backup to try out.", ["no backup was made here yet"])
