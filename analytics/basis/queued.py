"""Lots in the order of their dates, packed but for those at both ends.

An open lot is an object of some 200 bytes, packed it is 10 to 30: books may have a million open.
"""

import marshal
import zlib
from bisect import bisect_right, insort_right
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from analytics.basis.lot import Lot

BLOCK = 128
_acquired = attrgetter("acquired")


class Packed(NamedTuple):
    """Lots that nobody may change; since when the first of them is ours."""

    acquired: int
    rows: bytes


# Never empty; the first and the last of several are lists, those between may be packed.
type Block = list[Lot] | Packed


class Lots:
    """What is acquired first is first; of one moment, what was added first."""

    __slots__ = ("_blocks",)

    def __init__(self, lots: Iterable[Lot] = ()) -> None:
        self._blocks: list[Block] = []
        for lot in lots:
            self.add(lot)

    def __iter__(self) -> Iterator[Lot]:
        """Each as it is now; what is done to one of those between the ends is not kept."""
        for block in self._blocks:
            yield from _unpacked(block)

    def __bool__(self) -> bool:
        return bool(self._blocks)

    @property
    def first(self) -> Lot:
        """What leaves next; what is done to it is kept. IndexError where there is none."""
        return self._opened(0)[0]

    def pop_first(self) -> Lot:
        """Take it out."""
        lots = self._opened(0)
        lot = lots.pop(0)
        if not lots:
            del self._blocks[0]
        return lot

    def add(self, lot: Lot) -> None:
        """Where its date belongs."""
        if not self._blocks:
            self._blocks.append([lot])
            return
        place = max(bisect_right(self._blocks, lot.acquired, key=_begins) - 1, 0)
        lots = self._opened(place)
        insort_right(lots, lot, key=_acquired)
        if len(lots) == 2 * BLOCK:
            self._blocks.insert(place + 1, lots[BLOCK:])
            del lots[BLOCK:]
        for changed in (place, place + 1):
            self._pack(changed)

    def _opened(self, place: int) -> list[Lot]:
        lots = self._blocks[place] = _unpacked(self._blocks[place])
        return lots

    def _pack(self, place: int) -> None:
        if not 0 < place < len(self._blocks) - 1:
            return
        block = self._blocks[place]
        if not isinstance(block, Packed):
            rows = [
                (one.amount, one.cost, one.acquired, one.campaign, one.protocol) for one in block
            ]
            self._blocks[place] = Packed(rows[0][2], zlib.compress(marshal.dumps(rows), 1))


def _begins(block: Block) -> int:
    return block.acquired if isinstance(block, Packed) else block[0].acquired


def _unpacked(block: Block) -> list[Lot]:
    if not isinstance(block, Packed):
        return block
    rows = marshal.loads(zlib.decompress(block.rows))  # noqa: S302 - packed above
    return [Lot(*row) for row in rows]
