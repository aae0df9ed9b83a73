"""Follow the lots through the books in parts, and keep what that says for pages to show."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction as database
from django.db.models import F
from django.utils import timezone

from analytics.basis.book import KEYS, SUMS, between, is_valid, state_of
from analytics.basis.consumed import Consumed
from analytics.basis.engine import Engine
from analytics.basis.entries import Entry, read_causes, read_entries
from analytics.basis.lots import Method
from analytics.basis.state import State
from analytics.basis.tally import Days
from analytics.models import BasisCheckpoint, ProfitDay

Causes = Iterable[list[Entry]]

# What is younger may still be booked late or undone: it is followed anew each time.
SETTLED_AFTER = timedelta(hours=1)


def no_progress(_until: datetime) -> None:
    """For whoever does not look."""


def advance(
    method: Method, *, seconds: float, progress: Callable[[datetime], None] = no_progress
) -> bool:
    """Go on until the last full hour that is an hour old, for so long; whether it is reached.

    It stops between two moments of the books, never within one. Entries that were changed behind
    it make it begin again. Whatever dies leaves what was kept.
    """
    ends, end = time.monotonic() + seconds, _last_settled()
    row, _ = BasisCheckpoint.objects.get_or_create(pk=method)
    going_on = is_valid(row)
    if going_on and row.until is not None and row.until >= end:
        return True
    start = row.until if going_on else None
    state = state_of(row) if going_on else State(method)
    engine, consumed = Engine(method, state), Consumed(row.consumed if going_on else None)
    reached = end
    for moment, causes in _moments(start, end):
        if engine.entries and time.monotonic() >= ends:
            reached = moment
            break
        for cause in causes:
            consumed.note(cause)
            engine.apply(cause)
        progress(moment)
    return _keep(row, engine, consumed, reached, anew=not going_on) and reached == end


def _last_settled() -> datetime:
    moment = timezone.now() - SETTLED_AFTER
    return moment.replace(minute=0, second=0, microsecond=0)


def _moments(start: datetime | None, end: datetime) -> Iterator[tuple[datetime, Causes]]:
    return groupby(read_causes(read_entries(between(start, end))), key=lambda one: one[0].at)


def _keep(
    row: BasisCheckpoint, engine: Engine, consumed: Consumed, until: datetime, *, anew: bool
) -> bool:
    """Whether it was kept: not where somebody else went on or began again meanwhile."""
    facts = {"until": until, "state": json.dumps(engine.state.dump()), "consumed": consumed.dump()}
    mine = BasisCheckpoint.objects.filter(pk=row.pk, version=row.version)
    with database.atomic():
        if mine.update(version=row.version + 1, **facts) != 1:
            return False
        if anew:
            ProfitDay.objects.filter(method=row.pk).delete()
        ProfitDay.objects.bulk_create(_rows(engine.state.method, engine.days), batch_size=1000)
    return True


def _rows(method: Method, days: Days) -> list[ProfitDay]:
    return [
        ProfitDay(
            method=method,
            **dict(zip(KEYS, key, strict=True)),
            **{name: getattr(sums, name) for name in SUMS},
        )
        for key, sums in days.items()
    ]


def forget(methods: tuple[Method, ...]) -> None:
    """Begin again from the first entry: a price of the past is known now."""
    with database.atomic():
        rows = BasisCheckpoint.objects.filter(pk__in=methods)
        # Also whoever is reading with the old prices just now may not keep what comes of it.
        rows.update(until=None, state="", consumed={}, version=F("version") + 1)
        ProfitDay.objects.filter(method__in=methods).delete()
