"""What is taken from where, and brought where: drafts of moves, not priced yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analytics.allocation.computing import RESERVE, Computed
from analytics.allocation.holdings import WALLET, Cell, place_of
from analytics.allocation.routes import Leg, Routes
from analytics.allocation.shifts import Shift
from analytics.allocation.stock import Stock
from analytics.allocation.values import CannotAllocate
from wallets.models import Token, Wallet

# Each is asked about on chain; what more wallets hold is for the next rebalance.
MOST_WALLETS = 10

Taken = tuple[tuple[Wallet, int], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """So much of a token from wallets, by one of some ways."""

    shift: Shift
    source: Cell
    target: Cell
    token: Token
    taken: Taken
    cents: int
    ways: tuple[tuple[Leg, ...], ...]


@dataclass(frozen=True, slots=True)
class NoRoute:
    """What cannot be moved, and why."""

    shift: Shift
    cents: int
    sentence: str


def drafts_of(found: Computed, shifts: Sequence[Shift], stock: Stock) -> Iterator[Draft | NoRoute]:
    """For each shift, from the largest cells on; what is left over of it is said."""
    routes = Routes(stock)
    for shift in shifts:
        left, reasons = shift.cents, []
        for source in _cells(found, shift.source):
            if left < found.policy.min_trade_cents:
                break
            try:
                target = _target(found, source, shift.target)
                ways = tuple(routes.ways(source, target))
            except CannotAllocate as error:
                reasons.append(str(error))
                continue
            draft = _take(shift, source, target, stock, left, ways)
            if draft is None or draft.cents < found.policy.min_trade_cents:
                reasons.append(f"{_named(source)} has no {source.symbol} that could be moved")
                continue
            left -= draft.cents
            yield draft
        if left >= max(found.policy.min_trade_cents, 1):
            yield NoRoute(shift, left, _needs_route(found, shift, reasons))


def _cells(found: Computed, place: int) -> list[Cell]:
    cells = found.outside if place == len(found.buckets) else found.inside[place]
    return sorted((one for one in cells if cells[one] > 0), key=lambda one: (-cells[one], one))


def _target(found: Computed, source: Cell, place: int) -> Cell:
    """Where it goes from a cell, if that is in the bucket (or the reserve) it is for."""
    is_reserve = place == len(found.buckets)
    if is_reserve:
        target = Cell(found.policy.reserve_symbol or source.symbol, source.network, WALLET)
    else:
        bucket = found.buckets[place]
        target = Cell(
            bucket.symbol or source.symbol,
            bucket.network or source.network,
            bucket.protocol or WALLET,
        )
    if place_of(target, found.buckets) == (None if is_reserve else place) and target != source:
        return target
    if is_reserve and not found.policy.reserve_symbol:
        raise CannotAllocate(
            f"{_named(source)} is in a bucket as it is: say in which token the reserve is kept"
        )
    raise CannotAllocate(f"{_named(target)} would count in another bucket")


def _take(
    shift: Shift,
    source: Cell,
    target: Cell,
    stock: Stock,
    cents: int,
    ways: tuple[tuple[Leg, ...], ...],
) -> Draft | None:
    """From the largest piles; they are smaller afterwards."""
    piles = [one for one in stock.piles.get(source, []) if one.amount > 0][:MOST_WALLETS]
    if not piles:
        return None
    token, taken = piles[0].token, []
    wanted = stock.units(cents, token)
    for pile in piles:
        amount = min(pile.amount, wanted)
        if amount and stock.cents(amount, token):
            taken.append((pile.wallet, amount))
            pile.amount -= amount
            wanted -= amount
    worth = min(cents, stock.cents(sum(amount for _, amount in taken), token) + 1)
    return Draft(shift, source, target, token, tuple(taken), worth, ways) if taken else None


def _needs_route(found: Computed, shift: Shift, reasons: Sequence[str]) -> str:
    names = (*found.bounds.names, RESERVE)
    told = "; ".join(dict.fromkeys(reasons)) or "nothing of it is in a verified wallet"
    return f"{names[shift.source]} to {names[shift.target]} needs a route: {told}"


def _named(cell: Cell) -> str:
    inside = "" if cell.protocol == WALLET else f" in {cell.protocol}"
    return f"{cell.symbol}{inside} on {cell.network}"
