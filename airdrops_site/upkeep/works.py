"""All pieces of upkeep: what each does, and how often."""

from collections.abc import Callable
from dataclasses import dataclass

from airdrops_site.operations import Kind
from airdrops_site.upkeep import backups, cleaning
from airdrops_site.upkeep.books import compare_books
from airdrops_site.upkeep.calendar import Every
from airdrops_site.upkeep.contracts import verify_contracts
from airdrops_site.upkeep.dependencies import audit_dependencies
from airdrops_site.upkeep.errors import review_errors
from airdrops_site.upkeep.keys import remind_of_keys
from airdrops_site.upkeep.performance import review_performance
from airdrops_site.upkeep.results import Result
from airdrops_site.upkeep.weaknesses import audit_settings


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of upkeep; one that keeps its own row is told who asks for it, and returns None."""

    kind: Kind
    every: Every
    help: str
    do: Callable[[str], Result | None]
    keeps_row: bool = False


WORKS = (
    Work(Kind.BACKUP, Every.BACKUP_HOURS, "make a backup", backups.back_up, keeps_row=True),
    Work(Kind.LOG_REVIEW, Every.DAY, "failed jobs and runs, and what waits", review_errors),
    Work(Kind.BOOKS, Every.DAY, "the books are what the chain says", compare_books),
    Work(Kind.DEPLOYMENTS, Every.WEEK, "contracts are still what they were", verify_contracts),
    Work(Kind.DEPENDENCIES, Every.WEEK, "known holes in packages", audit_dependencies),
    Work(Kind.CLEANUP, Every.MONTH, "delete what nothing needs", cleaning.clean, keeps_row=True),
    Work(
        Kind.BACKUP_VERIFICATION,
        Every.WEEK,
        "the newest backup is whole",
        backups.verify,
        keeps_row=True,
    ),
    Work(
        Kind.RESTORE_DRILL,
        Every.QUARTER,
        "restore it beside this one, paused, and ask the chain",
        backups.restore_beside,
    ),
    Work(Kind.SETTINGS_AUDIT, Every.QUARTER, "settings, files and people", audit_settings),
    Work(Kind.PERFORMANCE, Every.QUARTER, "success, speed and growth", review_performance),
    Work(Kind.KEY_ROTATION, Every.QUARTER, "how old keys and tokens are", remind_of_keys),
)
BY_NAME = {work.kind.value: work for work in WORKS}
