"""In which blocks books and chain came apart, by halving; for nodes that keep old states."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from analytics.books.beside import Cell, Line
from analytics.books.opened import Opened
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError
from wallets.chain.holdings import BALANCE_OF
from wallets.chain.multicall import address_word
from wallets.chain.rpc import Request

REQUESTS_AT_ONCE = 200
# A balance that comes apart in more blocks than that does so by itself.
MOST_JUMPS = 24


@dataclass(frozen=True, slots=True)
class Jump:
    """A block in which the difference grew by `amount` (base units, signed)."""

    line: Line
    block: int
    amount: int


@dataclass(frozen=True, slots=True)
class Search:
    """What was found of each line; `endless` ones have more jumps than are worth a look."""

    jumps: tuple[Jump, ...]
    endless: frozenset[Cell]
    problem: str = ""


def find_jumps(client: NetworkClient, lines: Sequence[Line], last: int) -> Search:
    """Where the differences of these lines came from; a problem where old states are not kept."""
    try:
        return _find(client, {cell_of(line): line for line in lines}, last)
    except ChainError as error:
        problem = f"{client.network.slug} has no balances of old blocks to ask for ({error})"
        return Search((), frozenset(), problem[:300])


def cell_of(line: Line) -> Cell:
    """Its place in the books."""
    return line.wallet.pk, line.token.pk


def _find(client: NetworkClient, lines: dict[Cell, Line], last: int) -> Search:
    past, first = _Past(client, lines), _openings(lines)
    past.read([(cell, block) for cell in lines for block in (first[cell], last)])
    open_ = [(cell, first[cell], last) for cell in lines]
    found = {(cell, first[cell]) for cell in lines if past.difference(cell, first[cell])}
    endless: set[Cell] = set()
    while open_:
        apart = [
            (cell, low, high)
            for cell, low, high in open_
            if past.difference(cell, low) != past.difference(cell, high)
        ]
        found |= {(cell, high) for cell, low, high in apart if high - low == 1}
        halves = [one for one in apart if one[2] - one[1] > 1 and one[0] not in endless]
        past.read([(cell, (low + high) // 2) for cell, low, high in halves])
        open_ = [
            part
            for cell, low, high in halves
            for part in ((cell, low, (low + high) // 2), (cell, (low + high) // 2, high))
        ]
        counts = Counter([one[0] for one in open_] + [one[0] for one in found])
        endless |= {cell for cell, count in counts.items() if count > 2 * MOST_JUMPS}
    past.read([(cell, block - 1) for cell, block in found if block > first[cell]])
    jumps = [past.jump(lines[cell], block, first[cell]) for cell, block in sorted(found)]
    return Search(tuple(jumps), frozenset(endless))


def _openings(lines: dict[Cell, Line]) -> dict[Cell, int]:
    """From which block on each is looked at: an opening stands for all that was before it."""
    opened = Opened.read(cell[0] for cell in lines)
    return {cell: opened.blocks.get(cell, 0) for cell in lines}


class _Past:
    """Balances of old blocks, asked for once, beside what the books said then."""

    def __init__(self, client: NetworkClient, lines: dict[Cell, Line]) -> None:
        self._client, self._lines = client, lines
        self._chain: dict[tuple[Cell, int], int] = {}
        self._books = _histories(lines)

    def read(self, wanted: list[tuple[Cell, int]]) -> None:
        new = [one for one in dict.fromkeys(wanted) if one not in self._chain]
        for start in range(0, len(new), REQUESTS_AT_ONCE):
            part = new[start : start + REQUESTS_AT_ONCE]
            answers = self._client.read_many([self._request(*one) for one in part])
            for one, answer in zip(part, answers, strict=True):
                self._chain[one] = self._number(one[0], answer)

    def difference(self, cell: Cell, block: int) -> int:
        return self._chain[cell, block] - self.booked(cell, block)

    def booked(self, cell: Cell, block: int) -> int:
        blocks, sums = self._books[cell]
        return sums[bisect_right(blocks, block)]

    def jump(self, line: Line, block: int, first: int) -> Jump:
        cell = cell_of(line)
        before = self.difference(cell, block - 1) if block > first else 0
        return Jump(line, block, self.difference(cell, block) - before)

    def _request(self, cell: Cell, block: int) -> Request:
        line = self._lines[cell]
        if line.token.is_native:
            return ("eth_getBalance", [line.wallet.address, hex(block)])
        data = BALANCE_OF + address_word(line.wallet.address)
        return ("eth_call", [{"to": line.token.address, "data": "0x" + data.hex()}, hex(block)])

    def _number(self, cell: Cell, answer: object) -> int:
        if isinstance(answer, ChainError):
            raise answer
        if self._lines[cell].token.is_native:
            return hex_int(answer)
        # Before the token was there, its address answers nothing.
        return int.from_bytes(hex_bytes(answer)[:32])


def _histories(lines: dict[Cell, Line]) -> dict[Cell, tuple[list[int], list[int]]]:
    """For each cell the blocks of its entries in order, and the sums up to each."""
    wallets, tokens = ({cell[place] for cell in lines} for place in (0, 1))
    rows = valid_entries().filter(wallet__in=wallets, token__in=tokens)
    entries: dict[Cell, list[tuple[int, int]]] = {cell: [] for cell in lines}
    fields = ("wallet_id", "token_id", "kind", "amount", "block_number")
    for wallet, token, kind, amount, block in rows.order_by("block_number").values_list(*fields):
        if (cell := (wallet, token)) in entries:
            signed = amount if kind == LedgerEntry.Kind.IN else -amount
            entries[cell].append((block or 0, signed))
    return {
        cell: ([block for block, _ in found], [0, *accumulate(one for _, one in found)])
        for cell, found in entries.items()
    }
