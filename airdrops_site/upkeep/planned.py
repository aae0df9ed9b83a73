"""The calendar with what was done of it: for the command and the console."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from airdrops_site.models import Operation
from airdrops_site.upkeep.calendar import following
from airdrops_site.upkeep.running import due
from airdrops_site.upkeep.works import WORKS, Work


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece of upkeep: when it was last begun and comes next; None for never."""

    work: Work
    last: Operation | None
    next: datetime | None
    due: bool


def planned() -> list[Entry]:
    """Every piece in its order; three questions of the database for all."""
    now = timezone.now()
    waiting = {work.kind for work in due(now)}
    newest = Operation.objects.order_by().values("kind").annotate(newest=Max("pk")).values("newest")
    last = {row.kind: row for row in Operation.objects.filter(pk__in=newest)}
    return [
        Entry(work, last.get(work.kind.value), following(work.every, now), work.kind in waiting)
        for work in WORKS
    ]
