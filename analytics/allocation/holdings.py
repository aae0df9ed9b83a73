"""What is where now, in cells of token, network and protocol; exact, or refused."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import NamedTuple

from analytics.allocation.values import CannotAllocate
from analytics.exposure import add_up, to_cents
from analytics.items import Gap, Item, everything
from analytics.models import AllocationBucket
from analytics.models.allocation import PLACES
from wallets.amounts import DIGITS
from wallets.prices import known_prices, worth

# What a bucket calls a wallet's own holdings.
WALLET = "wallet"


class Cell(NamedTuple):
    """Where something is: a symbol, the slug of a network, and of a protocol or `wallet`."""

    symbol: str
    network: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """US dollars by cell, below zero where more is owed than held."""

    cells: Mapping[Cell, Decimal]
    as_of: datetime | None

    @property
    def total_cents(self) -> int:
        """All of it, rounded down."""
        with localcontext(prec=2 * DIGITS):
            return to_cents(sum(self.cells.values(), Decimal(0)), ROUND_FLOOR)


def read_holdings(now: datetime) -> Holdings:
    """All that is owned; CannotAllocate where a part of it is unknown."""
    found = list(everything(now))
    whole = add_up(found, now)
    if whole.problems:
        raise CannotAllocate(f"what is held is not known whole: {whole.problem}")
    return Holdings(_by_cell([one for one in found if not isinstance(one, Gap)], now), whole.as_of)


def _by_cell(items: Iterable[Item], now: datetime) -> dict[Cell, Decimal]:
    rows = list(items)
    prices = known_prices({one.token.pk: one.token for one in rows}.values(), now)
    cells: dict[Cell, Decimal] = defaultdict(Decimal)
    with localcontext(prec=2 * DIGITS):
        for one in rows:
            value = worth(abs(one.amount), one.token, prices.get(one.token.pk))
            cell = Cell(one.token.symbol, one.token.network.slug, one.protocol or WALLET)
            # Dust without a price is all that can be missing here.
            cells[cell] += Decimal(0) if value is None else value if one.amount > 0 else -value
    return {cell: value for cell, value in cells.items() if value}


def fits(bucket: AllocationBucket, cell: Cell) -> bool:
    """Whether the bucket names nothing else than where the cell is."""
    named = ((getattr(bucket, place), getattr(cell, place)) for place in PLACES)
    return all(wanted in ("", found) for wanted, found in named)


def place_of(cell: Cell, buckets: Sequence[AllocationBucket]) -> int | None:
    """The bucket that the cell is in: the one that names most; None where none fits.

    CannotAllocate where two name as much.
    """
    fitting = [(_named(one), place) for place, one in enumerate(buckets) if fits(one, cell)]
    if not fitting:
        return None
    most = max(fitting)[0]
    best = [place for count, place in fitting if count == most]
    if len(best) > 1:
        both = " and ".join(str(buckets[place]) for place in best)
        where = f"{cell.symbol} on {cell.network} ({cell.protocol})"
        raise CannotAllocate(f"{where} would count in {both}; name more in one of these buckets")
    return best[0]


def _named(bucket: AllocationBucket) -> int:
    return sum(bool(getattr(bucket, place)) for place in PLACES)


def spread_of(
    holdings: Holdings, buckets: Sequence[AllocationBucket]
) -> tuple[list[dict[Cell, Decimal]], dict[Cell, Decimal]]:
    """The cells of each bucket, and those of none."""
    inside: list[dict[Cell, Decimal]] = [{} for _ in buckets]
    outside: dict[Cell, Decimal] = {}
    for cell, value in holdings.cells.items():
        place = place_of(cell, buckets)
        (outside if place is None else inside[place])[cell] = value
    return inside, outside
