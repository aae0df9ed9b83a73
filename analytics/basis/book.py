"""All that is known of costs and profit at a moment: what was kept, and what came since."""

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from analytics.basis.consumed import consumed_until
from analytics.basis.engine import Disposal, Engine, nobody_asks
from analytics.basis.entries import read_entries
from analytics.basis.lot import Lot
from analytics.basis.lots import Method, Pool
from analytics.basis.state import State
from analytics.basis.tally import Days, Key, Sums, no_days
from analytics.models import BasisCheckpoint, ProfitDay
from analytics.selectors import valid_entries

SUMS = tuple(field.name for field in fields(Sums))
TRIES = 3
KEYS = ("day", "wallet_id", "token_id", "campaign_id", "protocol", "task_id")
Place = tuple[int, int]  # wallet, token
# Whose, where, and what it counts as having cost.
type LotThere = tuple[Place, str, Lot, int | None]


@dataclass(frozen=True, slots=True)
class Book:
    """Sums by day, and where the lots are."""

    method: Method
    days: Days
    state: State
    before: tuple["LotThere", ...] | None = None  # what was there when a period began

    def sums[Group: Hashable](
        self,
        by: Callable[[Key], Group | None],
        start: date | None = None,
        end: date | None = None,
    ) -> dict[Group, Sums]:
        """Added up by what `by` says of a key; None is left out. Both days are within."""
        found: dict[Group, Sums] = {}
        for key, sums in self.days.items():
            if (start and key.day < start) or (end and key.day > end):
                continue
            group = by(key)
            if group is not None:
                found.setdefault(group, Sums()).add(sums)
        return found


def read_book(method: Method, until: datetime | None = None) -> Book:
    """As the books are now, or were at a moment; nothing is kept."""
    for _ in range(TRIES):
        kept = valid_checkpoint(method)
        if kept is None or kept.until is None or (until is not None and kept.until > until):
            break
        days = stored_days(method)
        # Whoever went on meanwhile has added days that are behind this state.
        if BasisCheckpoint.objects.filter(pk=method, version=kept.version).exists():
            return _followed(method, state_of(kept), days, kept.until, until)
    return _followed(method, State(method), no_days(), None, until)


def read_period(method: Method, start: datetime | None, until: datetime | None = None) -> Book:
    """The same, with what was there at `start`: what a period brought is what changed in it."""
    if start is None:
        return read_book(method, until)
    first = read_book(method, start)
    before = tuple((place, where, replace(lot), cost) for place, where, lot, cost in lots_of(first))
    return replace(_followed(method, first.state, first.days, start, until), before=before)


def lots_of(book: Book) -> Iterator[LotThere]:
    """Every lot that is left."""
    for (wallet, token, where, _), pool in book.state.pools.items():
        yield from _lots((wallet, token), where, pool)
    for (wallet, _), waiting in book.state.parcels.items():
        for parcel in waiting:
            yield from _lots((wallet, parcel.token), "bridge", parcel.pool)


def _lots(place: Place, where: str, pool: Pool) -> Iterator[LotThere]:
    for lot, cost in pool.costs():
        yield place, where, lot, cost


def state_of(kept: BasisCheckpoint) -> State:
    """Where the lots were then."""
    return State.load("average" if kept.method == "average" else "fifo", json.loads(kept.state))


def _followed(
    method: Method, state: State, days: Days, after: datetime | None, until: datetime | None
) -> Book:
    engine = Engine(method, state).read(read_entries(between(after, until)))
    for key, sums in engine.days.items():
        days[key].add(sums)
    return Book(method, days, engine.state)


def disposals(
    method: Method, tell: Callable[[Disposal], None] = nobody_asks, until: datetime | None = None
) -> None:
    """Tell every disposal from the beginning, by time."""
    Engine(method, on_disposal=tell).read(read_entries(between(None, until)))


def between(after: datetime | None, until: datetime | None) -> Any:
    """The entries from a moment on (that moment too), up to another."""
    rows = valid_entries()
    if after is not None:
        rows = rows.filter(occurred_at__gte=after)
    return rows if until is None else rows.filter(occurred_at__lt=until)


def stored_days(method: Method) -> Days:
    """What was kept, by key."""
    days = no_days()
    rows = ProfitDay.objects.filter(method=method).order_by()
    for row in rows.values_list(*KEYS, *SUMS).iterator():
        days[Key(*row[: len(KEYS)])].add(Sums(*row[len(KEYS) :]))
    return days


def valid_checkpoint(method: Method) -> BasisCheckpoint | None:
    """What was kept, if the entries it was made from are still what they were."""
    kept = BasisCheckpoint.objects.filter(pk=method).first()
    return kept if kept is not None and is_valid(kept) else None


def is_valid(kept: BasisCheckpoint) -> bool:
    """Whether the entries it was made from are still what they were."""
    return kept.until is not None and consumed_until(kept.until) == kept.consumed
