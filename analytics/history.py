"""Reading a table that only grows, such as the history of state changes, and missing no line.

A line's id is given before it is committed, so on PostgreSQL a lower id may appear after a higher
one. The cursor therefore remembers the ids it found missing, and looks for them until no
database transaction that was running then can still be running.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Model, Q, QuerySet, Subquery
from django.utils import timezone

from analytics.models import LedgerCursor
from wallets.models import Transition

LEDGER = "ledger"  # the cursor of the books
# Longer than any database transaction of ours: statements end after 50 s, idle ones after 30 s,
# a worker's job after 60 s.
GIVEN_UP_AFTER = timedelta(minutes=2)
BATCH = 500
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Gap:
    """Ids that were not there when a higher one was; `last` is one of them."""

    first: int
    last: int
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class Reading[Row: Model]:
    """Lines not read before, and where to go on from once they are dealt with."""

    cursor: LedgerCursor
    lines: tuple[Row, ...]
    position: int
    gaps: tuple[Gap, ...]
    # Whether there may be more right behind it.
    full: bool


def read(name: str) -> Reading[Transition]:
    """What is new in the history since the cursor was last kept."""
    return read_rows(name, Transition)


def read_rows[Row: Model](name: str, table: type[Row]) -> Reading[Row]:
    """What is new in the table since the cursor was last kept."""
    now = timezone.now()
    cursor, _ = LedgerCursor.objects.get_or_create(name=name)
    old = _gaps(cursor)
    rows = table._default_manager.filter(pk__gt=cursor.position)
    fresh = list(rows.order_by("pk")[:BATCH])
    late = list(_in_gaps(old, table)) if old else []
    position = fresh[-1].pk if fresh else cursor.position
    found = [line.pk for line in fresh]
    opened = [Gap(*ids, now) for ids in _missing(cursor.position + 1, position, found)]
    kept = [gap for gap in _shrunk(old, late) if now < gap.noticed_at + GIVEN_UP_AFTER]
    return Reading(cursor, (*late, *fresh), position, (*kept, *opened), full=len(fresh) == BATCH)


def keep(reading: Reading[Any]) -> bool:
    """Go on from here next time; False when another process has moved the cursor meanwhile."""
    cursor = reading.cursor
    if (reading.position, list(reading.gaps)) == (cursor.position, _gaps(cursor)):
        return True
    gaps = [[gap.first, gap.last, gap.noticed_at.isoformat()] for gap in reading.gaps]
    unmoved = LedgerCursor.objects.filter(pk=cursor.pk, version=cursor.version)
    return bool(unmoved.update(position=reading.position, gaps=gaps, version=F("version") + 1))


def has_news(name: str, table: type[Model] = Transition, *, until: int | None = None) -> bool:
    """Whether there is a line not read before: one query, two while lines are missing.

    With `until`, whether there is one up to this id, or one that was missing.
    """
    rows = table._default_manager.all()
    if until is not None:
        rows = rows.filter(pk__lte=until)
    newest = rows.order_by("-pk").values("pk")[:1]
    cursor = LedgerCursor.objects.annotate(newest=Subquery(newest)).filter(pk=name).first()
    if cursor is None:
        return rows.exists()
    gaps = _gaps(cursor)
    return (cursor.newest or 0) > cursor.position or bool(gaps and _in_gaps(gaps, table).exists())


def newest(table: type[Model] = Transition) -> int:
    """The id of the newest line; 0 where there is none."""
    return table._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0


def _gaps(cursor: LedgerCursor) -> list[Gap]:
    return [Gap(first, last, datetime.fromisoformat(at)) for first, last, at in cursor.gaps]


def _in_gaps[Row: Model](gaps: Iterable[Gap], table: type[Row]) -> QuerySet[Row]:
    wanted = Q()
    for gap in gaps:
        wanted |= Q(pk__range=(gap.first, gap.last))
    return table._default_manager.filter(wanted).order_by("pk")


def _shrunk(gaps: Iterable[Gap], late: Iterable[Model]) -> Iterator[Gap]:
    """The gaps without the lines that have appeared."""
    appeared = [line.pk for line in late]
    for gap in gaps:
        inside = [pk for pk in appeared if gap.first <= pk <= gap.last]
        for first, last in _missing(gap.first, gap.last, inside):
            yield Gap(first, last, gap.noticed_at)


def _missing(first: int, last: int, found: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The stretches of `first` … `last` that are not in `found`, which is in order."""
    for pk in (*found, last + 1):
        if first < pk:
            yield first, pk - 1
        first = pk + 1
