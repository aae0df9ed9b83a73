"""What bridges kept of what went over them: that is a cost, and what is under way is none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics.allocation.values import CannotAllocate
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from wallets.models import Token

K = LedgerEntry.Kind


@dataclass(frozen=True, slots=True)
class Spent:
    """Base units of a token that were gone at a time; below zero they came."""

    token: Token
    amount: int
    at: datetime


def kept_by_bridges(tasks: Iterable[int]) -> Iterator[Spent]:
    """By run and symbol what left less what came, on both sides, from the books.

    CannotAllocate where something of a run has left and is not booked as arrived.
    """
    rows = valid_entries().filter(account=LedgerEntry.Account.BRIDGE, step__run__task__in=tasks)
    runs: dict[int, list[LedgerEntry]] = defaultdict(list)
    for row in rows.select_related("token__network", "step").order_by("occurred_at", "pk"):
        if row.step is not None:
            runs[row.step.run_id].append(row)
    for run, entries in runs.items():
        yield from _kept(run, entries)


def _kept(run: int, entries: Sequence[LedgerEntry]) -> Iterator[Spent]:
    gone = [row for row in entries if row.kind == K.OUT]
    sides = {row.token.network_id for row in gone}
    if gone and not any(row.token.network_id not in sides for row in entries):
        raise CannotAllocate(
            f"what run {run} sent from {gone[0].token.network.slug} is not booked where it arrives"
        )
    left: Counter[str] = Counter()
    for row in entries:
        left[row.token.symbol] += -row.amount if row.kind == K.IN else row.amount
    for symbol, amount in left.items():
        first = next(row for row in (*gone, *entries) if row.token.symbol == symbol)
        if amount:
            yield Spent(first.token, amount, first.occurred_at)
