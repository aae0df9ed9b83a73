"""Follow the lots through the books in parts, and keep what that says for pages to show."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import transaction as database
from django.utils import timezone

from analytics.basis.book import KEYS, SUMS, consumed_until, valid_checkpoint
from analytics.basis.engine import Engine
from analytics.basis.entries import read_entries
from analytics.basis.lots import Method
from analytics.basis.state import State
from analytics.basis.tally import Days
from analytics.models import BasisCheckpoint, ProfitDay
from analytics.selectors import valid_entries

DAY = timedelta(days=1)
# What is younger may still be booked late or undone: it is followed anew each time.
SETTLED_AFTER = DAY


def no_progress(_until: datetime) -> None:
    """For whoever does not look."""


def advance(
    method: Method, *, seconds: float, progress: Callable[[datetime], None] = no_progress
) -> bool:
    """Go on until the last midnight (UTC) that is a day old, for so long; whether it is reached.

    Entries that were changed behind it make it begin again. Whatever dies leaves what was kept.
    """
    ends, end = time.monotonic() + seconds, _last_settled()
    kept = valid_checkpoint(method)
    start = kept.until if kept else None
    state = State.load(method, json.loads(kept.state)) if kept else State(method)
    engine, reached = Engine(method, state), start
    while (day := _next_day(reached, end)) is not None:
        reached = day + DAY
        rows = valid_entries().filter(occurred_at__gte=day, occurred_at__lt=reached)
        engine.read(read_entries(rows))
        progress(reached)
        if time.monotonic() >= ends:
            break
    done = day is None
    if done:
        reached = end
    if reached is not None and reached != start:
        _keep(method, engine, reached, anew=kept is None)
    return done


def _last_settled() -> datetime:
    moment = timezone.now() - SETTLED_AFTER
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_day(after: datetime | None, end: datetime) -> datetime | None:
    """The next midnight that a day with entries begins with."""
    rows = valid_entries().filter(occurred_at__lt=end).order_by("occurred_at")
    if after is not None:
        rows = rows.filter(occurred_at__gte=after)
    first = rows.values_list("occurred_at", flat=True).first()
    return None if first is None else datetime.combine(first.date(), datetime.min.time(), UTC)


def _keep(method: Method, engine: Engine, until: datetime, *, anew: bool) -> None:
    state, consumed = json.dumps(engine.state.dump()), consumed_until(until)
    with database.atomic():
        row, _ = BasisCheckpoint.objects.select_for_update().get_or_create(pk=method)
        if anew:
            ProfitDay.objects.filter(method=method).delete()
        elif row.until is not None and row.until >= until:
            return  # another worker was first
        ProfitDay.objects.bulk_create(_rows(method, engine.days), batch_size=1000)
        row.until, row.state, row.consumed = until, state, consumed
        row.save(update_fields=("until", "state", "consumed"))


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
        ProfitDay.objects.filter(method__in=methods).delete()
        BasisCheckpoint.objects.filter(pk__in=methods).update(until=None, state="", consumed={})
