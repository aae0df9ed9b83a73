"""Lots: amounts with what they cost and since when they are ours; and which of them leave first.

An unknown cost is None and stays so, whatever becomes of the lot. Costs are in 1e-18 US dollars,
times in seconds since 1970; 0 is unknown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from analytics.basis.lot import Lot
from analytics.basis.money import shares
from analytics.basis.queued import Lots

Method = Literal["fifo", "average"]
METHODS: tuple[Method, ...] = ("fifo", "average")


def nobodys(amount: int) -> Lot:
    """What left without ever having come, as far as the books know: of unknown origin."""
    return Lot(amount, None, 0)


@dataclass(slots=True)
class Piece:
    """A part of a lot that left; `known` is False for what nobody saw coming."""

    lot: Lot
    known: bool = True


class Pool:
    """The lots of a token in one place, oldest first. What is acquired first leaves first.

    By average the same lots leave, so that they keep their dates; each at the mean cost of all
    that is there. While anything of unknown cost is among them, that mean is unknown.
    """

    __slots__ = ("amount", "average", "cost", "lots", "tainted")

    def __init__(self, method: Method) -> None:
        self.average = method == "average"
        self.lots = Lots()
        self.amount = 0
        self.cost = 0  # by average only
        self.tainted = False

    def add(self, lot: Lot) -> None:
        """Put it where its date belongs."""
        if not lot.amount:
            return
        self.amount += lot.amount
        if self.average:
            self.tainted = self.tainted or lot.cost is None
            self.cost += lot.cost or 0
        self.lots.add(lot)

    def take(self, amount: int) -> list[Piece]:
        """So much of it, oldest first; what is missing is a piece of unknown origin."""
        there = min(amount, self.amount)
        pieces = [Piece(lot) for lot in self._oldest(there)]
        if self.average:
            self._cost_by_average(pieces, there)
        self.amount -= there
        if amount > there:
            pieces.append(Piece(nobodys(amount - there), known=False))
        return pieces

    def _oldest(self, amount: int) -> Iterator[Lot]:
        while amount:
            first = self.lots.first
            if first.amount <= amount:
                self.lots.pop_first()
                amount -= first.amount
                yield first
            else:
                yield first.split(amount)
                amount = 0

    def _cost_by_average(self, pieces: list[Piece], there: int) -> None:
        """Before what left is taken off the amount."""
        total = None if self.tainted else self.cost * there // self.amount if there else 0
        costs = shares(total, [piece.lot.amount for piece in pieces])
        for piece, cost in zip(pieces, costs, strict=True):
            piece.lot.cost = cost
        self.cost -= total or 0
        if there == self.amount:
            self.cost, self.tainted = 0, False

    def rescale(self, times: int, by: int) -> None:
        """Count every lot in other units; each is rounded down."""
        changed = [replace(lot, amount=lot.amount * times // by) for lot in self.lots]
        self.lots = Lots(changed)
        self.amount = sum(lot.amount for lot in changed)

    def costs(self) -> Iterator[tuple[Lot, int | None]]:
        """Each lot with what it counts as having cost."""
        if not self.average:
            yield from ((lot, lot.cost) for lot in self.lots)
            return
        total = None if self.tainted else self.cost
        yield from zip(self.lots, shares(total, [lot.amount for lot in self.lots]), strict=True)

    def dump(self) -> list[Any]:
        """As JSON; numbers as text, exact in any reader."""
        lots = [[str(one.amount), _text(one.cost), *_tags(one)] for one in self.lots]
        return [str(self.cost), self.tainted, lots]

    @classmethod
    def load(cls, method: Method, kept: list[Any]) -> "Pool":
        """What `dump` made."""
        pool = cls(method)
        for amount, cost, *tags in kept[2]:
            pool.lots.add(Lot(int(amount), None if cost is None else int(cost), *tags))
        pool.amount = sum(lot.amount for lot in pool.lots)
        pool.cost, pool.tainted = int(kept[0]), bool(kept[1])
        return pool


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _tags(lot: Lot) -> tuple[int, int | None, str]:
    return lot.acquired, lot.campaign, lot.protocol
