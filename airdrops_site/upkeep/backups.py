"""Making backups, and trying them out."""

from django.core.management import CommandError, call_command

from airdrops_site.models import Operation
from airdrops_site.operations import Kind, Outcome
from airdrops_site.upkeep.results import Result

COMMAND = "backup_state"


def back_up(_by: str) -> None:
    """To AIRDROPS_BACKUP_DIR; the command keeps a row of its own."""
    call_command(COMMAND)


def verify(_by: str) -> Result:
    """The newest backup's hashes and counts, after loading it into a scratch database."""
    return _try_out()


def drill(_by: str) -> Result:
    """As if it had to be restored: all of it, beside the running system.

    TODO(issue 8): it does what the verification does; ask for reconciling the lanes as well once
    the restore has a mode for it that signs nothing.
    """
    return _try_out()


def _try_out() -> Result:
    made = Operation.objects.filter(kind=Kind.BACKUP, outcome=Outcome.SUCCEEDED)
    newest = made.exclude(location="").order_by("-started_at").first()
    if newest is None:
        return Result("There is no backup to try out.", ["no backup was made here yet"])
    try:
        call_command(COMMAND, "--verify", newest.location)
    except CommandError as error:
        return Result(f"The backup of {newest.started_at:%Y-%m-%d %H:%M} fails.", [str(error)])
    return Result(f"The backup of {newest.started_at:%Y-%m-%d %H:%M} is whole.")
