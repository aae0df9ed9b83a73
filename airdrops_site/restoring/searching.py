"""Which transactions an address has sent since a moment, by hash: what no row can tell."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from eth_typing import ChecksumAddress

from analytics.chain_history.accounts import NoArchive, changes_of
from analytics.chain_history.blocks import full_blocks
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError

# A backup holds what its watch had seen, which may be behind the chain; clocks differ too.
MARGIN = timedelta(hours=1)


class TooFar(ChainError):
    """More blocks would have to be read than whoever asked allows."""


type Sent = dict[str, dict[int, str]]  # address -> nonce -> hash


def sent_since(
    client: NetworkClient,
    addresses: Sequence[ChecksumAddress],
    since: datetime,
    head: int,
    most_blocks: int | None = None,
) -> Sent:
    """Everything mined that the addresses sent from an hour before the moment on.

    By halving where nodes keep old states; else every block since is read: slow, and as good.
    TooFar where those are more than `most_blocks`.
    """
    first = block_at(client, since - MARGIN, head)
    try:
        blocks: Iterable[int] = _blocks_with_news(client, addresses, first, head)
    except NoArchive:
        blocks = range(first, head + 1)
        if most_blocks is not None and len(blocks) > most_blocks:
            raise TooFar(
                f"{len(blocks):,} blocks of {client.network.name} would have to be read, since its "
                "nodes keep no old states"
            ) from None
    return _sent_in(client, addresses, blocks)


def block_at(client: NetworkClient, moment: datetime, head: int) -> int:
    """The newest block made before the moment, or the first there is."""
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        if client.block(middle).at < moment:
            low = middle
        else:
            high = middle - 1
    return low


def _blocks_with_news(
    client: NetworkClient, addresses: Sequence[ChecksumAddress], first: int, last: int
) -> list[int]:
    changes = changes_of(client, addresses, first, last)
    return sorted({one.block for one in changes if one.after.nonce > one.before.nonce})


def _sent_in(
    client: NetworkClient, addresses: Sequence[ChecksumAddress], numbers: Iterable[int]
) -> Sent:
    wanted, sent = {one.lower() for one in addresses}, defaultdict[str, dict[int, str]](dict)
    for block in full_blocks(client, numbers):
        for one in block.transactions:
            if str(one["from"]).lower() in wanted:
                sent[parse_address(one["from"])][hex_int(one["nonce"])] = str(one["hash"])
    return sent
