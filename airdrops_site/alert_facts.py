"""What only the roof knows of the alerts' subjects: backups, upkeep, the disk."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from airdrops_site.models import Operation
from airdrops_site.operations import DONE, last_done
from analytics.alerts.facts import Fact, Look
from analytics.alerts.providers import provide

Outcome = Operation.Outcome
# What was found longer ago and not looked into since was seen.
_LATELY = timedelta(days=7)


def provide_all() -> None:
    """Answer the rules that ask for it."""
    provide("backup_old", backup_old)
    provide("operation_failed", operation_failed)
    provide("operation_findings", operation_findings)
    provide("books_differ", books_differ)
    provide("disk_low", disk_low)


def backup_old(look: Look) -> Iterator[Fact]:
    """None was made for as long as the setting allows; or ever, where workers are to make them."""
    most = timedelta(hours=settings.BACKUP_MAX_HOURS)
    if not most:
        return
    newest = last_done().get(Operation.Kind.BACKUP)
    if newest is None and settings.BACKUP_HOURS:
        yield Fact("backup", "no backup was ever made")
    elif newest is not None and look.now - newest > most:
        yield Fact("backup", f"the newest backup is of {newest:%Y-%m-%d %H:%M} UTC")


def operation_failed(look: Look) -> Iterator[Fact]:
    """Kinds of upkeep whose newest turn has failed."""
    return _newest(look, Outcome.FAILED, "has failed")


def operation_findings(look: Look) -> Iterator[Fact]:
    """Kinds of upkeep whose newest turn has found what needs a person, but for the books."""
    found = _newest(look, Outcome.FINDINGS, "has found something")
    return (fact for fact in found if fact.subject != Operation.Kind.BOOKS)


def books_differ(_look: Look) -> Iterator[Fact]:
    """The newest comparison of books and chain has found differences, however long ago it was."""
    done = Operation.objects.filter(kind=Operation.Kind.BOOKS, outcome__in=DONE)
    newest = done.order_by("-ended_at").first()
    if newest is not None and newest.outcome == Outcome.FINDINGS:
        yield Fact("books", f"{newest.summary} ({newest.ended_at:%Y-%m-%d %H:%M} UTC)")


def disk_low(_look: Look) -> Iterator[Fact]:
    """Less of the data folder's disk is free than the setting allows."""
    folder = Path(settings.DATA_DIR)
    usage = shutil.disk_usage(folder if folder.exists() else settings.BASE_DIR)
    percent = usage.free * 100 // usage.total
    if percent < settings.DISK_FREE_PERCENT:
        yield Fact(settings.HOST_NAME, f"{percent} % of the disk of {settings.HOST_NAME} are free")


def _newest(look: Look, outcome: str, told: str) -> Iterator[Fact]:
    ended = Operation.objects.filter(ended_at__gt=look.now - _LATELY).order_by()
    newest = ended.values("kind").annotate(newest=Max("pk")).values("newest")
    for row in Operation.objects.filter(pk__in=newest, outcome=outcome):
        name = row.get_kind_display()
        yield Fact(row.kind, f"{name} {told}: {row.summary or 'it says no more'}")
