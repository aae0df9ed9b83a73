"""One stretch of blocks, read for all wallets at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from analytics.chain_history.accounts import Change, changes_of
from analytics.chain_history.blocks import FullBlock, full_blocks, times_of
from analytics.chain_history.logs import LogReader
from analytics.chain_history.movements import Move, moves_in, sides
from analytics.chain_history.native import concerning, inner_moves, rows_of, value_moves
from analytics.chain_history.scope import Found, Scope
from analytics.chain_history.traces import Tracer
from analytics.models import ChainTransfer, Source
from wallets.chain.client import NetworkClient

UNTRACED = (
    "coin that contracts paid is not in it: no node of this network traces transactions; "
    "the books name the difference"
)


class Way(StrEnum):
    """How the blocks that matter are found."""

    EVERY_BLOCK = "every block"
    OLD_STATES = "old states"


class Reader:
    """What one process remembers of a network's nodes while it reads on."""

    def __init__(self, client: NetworkClient, scope: Scope, way: Way) -> None:
        self._client, self._scope, self._way = client, scope, way
        self._logs = LogReader(client, scope)
        self._tracer = Tracer(client)

    def read(self, first: int, last: int) -> Found:
        """All that happened to the wallets from one block to another, both included.

        ChainError where a node does not answer; NoArchive where it has no old states.
        """
        if not self._scope.owners or last < first:
            return Found()
        moves = moves_in(self._scope, self._logs.read(first, last))
        times: dict[int, datetime] = {}
        found = Found()
        for some, changes in self._blocks(first, last):
            moves += self._native(some, changes, found)
            times |= {block.number: block.at for block in some}
        kept = list(sides(self._scope, moves))
        times |= times_of(self._client, {move.block for move, *_ in kept} - times.keys())
        found.transfers = [transfer_row(self._scope, times, *side) for side in kept]
        return found

    def _blocks(
        self, first: int, last: int
    ) -> Iterable[tuple[Sequence[FullBlock], list[Change] | None]]:
        if self._way is Way.EVERY_BLOCK:
            return (([block], None) for block in full_blocks(self._client, range(first, last + 1)))
        changes = changes_of(self._client, self._scope.addresses, first, last)
        numbers = sorted({change.block for change in changes})
        return [(list(full_blocks(self._client, numbers)), changes)]

    def _native(
        self, blocks: Sequence[FullBlock], changes: list[Change] | None, found: Found
    ) -> list[Move]:
        sent = concerning(self._scope, self._client, blocks)
        found.transactions += rows_of(self._scope, self._client, sent)
        inner = inner_moves(self._scope, self._tracer, blocks, sent, changes)
        if not self._tracer.offered:
            found.problem = UNTRACED
        return [*value_moves(self._scope, sent), *inner]


def transfer_row(
    scope: Scope, times: dict[int, datetime], move: Move, wallet: int, direction: str, other: str
) -> ChainTransfer:
    """One wallet's side of what moved; `times` are of blocks."""
    return ChainTransfer(
        network=scope.network,
        wallet_id=wallet,
        hash=move.hash.lower(),
        place=move.place,
        direction=direction,
        token_address=move.token,
        counterparty=other,
        amount=move.amount,
        block_number=move.block,
        block_at=times[move.block],
        source=Source.RPC,
    )
