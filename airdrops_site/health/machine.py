"""The checks of this machine and of what is to survive it: disk, clock, backups."""

import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from airdrops_site.health.component import Component, Severity, show_time
from airdrops_site.health.survey import Survey
from airdrops_site.models import Operation
from airdrops_site.operations import DONE
from wallets.clock import clock_skews
from wallets.models import Network

# A block from the future: validators accept none that is further ahead than this.
AHEAD = timedelta(seconds=15)
# Of a chain that goes on no newest block is this old, and ten times what one usually takes.
BEHIND, BEHIND_BLOCKS = timedelta(seconds=60), 10


def look_at_disk(_survey: Survey) -> Component:
    """How much of the data folder's disk is free, in percent of what a user may fill."""
    found = os.statvfs(_existing(settings.DATA_DIR))
    whole = found.f_blocks - found.f_bfree + found.f_bavail
    free = 100 * found.f_bavail / whole if whole else 0.0
    least = settings.DISK_FREE_PERCENT
    details = {"free_percent": round(free, 1), "free_bytes": found.f_bavail * found.f_frsize}
    if free >= least:
        return Component({"status": "sufficient"}, details=details)
    severity = Severity.UNHEALTHY if free < least / 5 else Severity.DEGRADED
    problem = (
        f"Only {free:.1f} % of the data folder's disk is free: give it more, or move files away; "
        "`manage.py restore_state --forget-old` deletes what restores kept aside, `manage.py "
        "cleanup` makes room inside the database only."
    )
    return Component({"status": "low"}, severity, details, (problem,))


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def look_at_clock(survey: Survey) -> Component:
    """Whether our clock agrees with the blocks of live chains, as balances were last read.

    Devnets keep a time of their own: where there is nothing else it is `not_checked`. A single
    chain with old blocks may have halted; only when all of them seem old is it our clock.
    """
    live = Network.objects.filter(enabled=True).exclude(kind=Network.Kind.DEVNET)
    if not live.exists():
        return Component({"status": "not_checked"})
    skews = clock_skews(survey.now)
    details = {"seconds_behind": {slug: skew.total_seconds() for slug, skew in skews.items()}}
    if not skews:
        return Component({"status": "unknown"}, Severity.DEGRADED, details, (_NOT_READ,))
    problem = _clock_problem(skews)
    if not problem:
        return Component({"status": "agrees"}, details=details)
    return Component({"status": "disagrees"}, Severity.DEGRADED, details, (problem,))


_NOT_READ = (
    "No balances of a live network were read lately, so nothing says whether the clock is right; "
    "see the networks and AIRDROPS_BALANCE_SECONDS."
)


def _clock_problem(skews: dict[str, timedelta]) -> str:
    ahead = [slug for slug, skew in skews.items() if skew < -AHEAD]
    if ahead:
        return (
            f"The newest blocks of {', '.join(sorted(ahead))} are from this machine's future: its "
            "clock is slow; set it by NTP."
        )
    patience = _patience(list(skews))
    if all(skew > patience[slug] for slug, skew in skews.items()):
        return (
            "The newest block of every network seems old: this machine's clock is fast, or all of "
            "them stand still; set it by NTP."
        )
    return ""


def _patience(slugs: list[str]) -> dict[str, timedelta]:
    rows = Network.objects.filter(slug__in=slugs).values_list("slug", "block_seconds")
    return {slug: max(BEHIND, timedelta(seconds=BEHIND_BLOCKS * each)) for slug, each in rows}


def look_at_backups(survey: Survey) -> Component:
    """How old the newest backup is, where backups are expected.

    Those are expected in production, where they are scheduled, and where one was ever made.
    """
    made = Operation.objects.filter(kind=Operation.Kind.BACKUP)
    newest = made.filter(outcome__in=DONE).aggregate(at=Max("ended_at"))["at"]
    details = {"max_age_hours": settings.BACKUP_MAX_HOURS}
    expected = settings.PRODUCTION or settings.BACKUP_HOURS or newest
    if not expected:
        return Component({"status": "not_expected", "newest": None}, details=details)
    if newest is None:
        problem = "No backup was ever made; `manage.py backup_state` makes one."
        return Component({"status": "none", "newest": None}, Severity.DEGRADED, details, (problem,))
    public = {"newest": show_time(newest)}
    hours = survey.age(newest) / 3600
    if not settings.BACKUP_MAX_HOURS or hours <= settings.BACKUP_MAX_HOURS:
        return Component({"status": "recent", **public}, details=details)
    problem = f"The newest backup is {hours:.0f} h old; `manage.py backup_state` makes one."
    return Component({"status": "old", **public}, Severity.DEGRADED, details, (problem,))
