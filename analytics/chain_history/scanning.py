"""Reading stretches of blocks into rows: each piece kept whole, and gone on with behind it."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction as database
from django.utils import timezone

from analytics.chain_history.reading import Reader, Way
from analytics.chain_history.scope import HistoryError, scope_of
from analytics.chain_history.storing import store
from analytics.models import ChainScan
from wallets import leases
from wallets.actors import this_worker
from wallets.chain.client import Block, NetworkClient
from wallets.models import Network, Wallet

# What a killed process loses: so many blocks are read again.
PIECES = {Way.EVERY_BLOCK: 200, Way.OLD_STATES: 250_000}
SCAN_LEASE = timedelta(seconds=60)
LEASE_WAIT, LEASE_PAUSE = 15.0, 0.2
Segment = tuple[int, int]
# The newest block that nothing undoes, and when it was mined.
type Final = tuple[int, datetime | None]


@dataclass(slots=True)
class Progress:
    """How far it is."""

    blocks: int = 0
    blocks_done: int = 0
    transactions: int = 0
    transfers: int = 0
    problems: list[str] = field(default_factory=list)
    done: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: wallets, blocks, and how; `again` reads also what was read.

    Without a `first` each wallet is gone on with behind what was read of it; one of which nothing
    was read begins at the last block. `piece` is how many blocks are kept at once; 0 leaves that
    to the way.
    """

    wallets: Sequence[Wallet]
    first: int | None
    last: int
    way: Way = Way.EVERY_BLOCK
    again: bool = False
    piece: int = 0


def final_block(client: NetworkClient) -> Block:
    """The newest block that no reorganisation undoes, by the network's own rule."""
    network = client.network
    if network.final_rule == Network.FinalRule.FINALIZED_TAG:
        return client.block("finalized")
    head = client.block("latest")
    number = head.number - network.final_depth + 1
    return client.block(max(0, number))


def scan(
    wanted: Wanted,
    client: NetworkClient,
    *,
    final: int,
    seconds: float | None = None,
    report: Callable[[Progress], object] = lambda _progress: None,
    waits: bool = True,
    final_at: datetime | None = None,
) -> Progress | None:
    """Read what is missing, piece by piece; None while another process reads the network.

    Whoever stops it, whenever, loses one piece. ChainError where no node answers; what was read
    by then is kept. Blocks behind `final` are read, and not counted as read. `final_at` is its
    time; without it nobody can tell up to when all was read.
    """
    owner, name = this_worker(), lease_name(client.network.pk)
    if not _take(name, owner, waits=waits):
        return None
    try:
        return _scan(wanted, client, (final, final_at), seconds, report, owner)
    finally:
        leases.release(name, owner=owner)


def lease_name(network_id: int | str) -> str:
    """The lease of whoever reads a network's history."""
    return f"history:{network_id}"


def _take(name: str, owner: str, *, waits: bool) -> bool:
    ends_at = time.monotonic() + (LEASE_WAIT if waits else 0)
    while not leases.take(name, owner=owner, duration=SCAN_LEASE, rested=False):
        if time.monotonic() >= ends_at:
            return False
        time.sleep(LEASE_PAUSE)
    return True


def _scan(
    wanted: Wanted,
    client: NetworkClient,
    final: Final,
    seconds: float | None,
    report: Callable[[Progress], object],
    owner: str,
) -> Progress:
    ends_at = time.monotonic() + seconds if seconds is not None else None
    parts = missing(client.network, wanted)
    progress = Progress(blocks=sum(map(_length, parts.items())))
    # The shortest first: a wallet that is far behind does not keep the others from being read.
    for segment, wallets in sorted(parts.items(), key=_length):
        reader = Reader(client, scope_of(client.network, wallets), wanted.way)
        for piece in _pieces(segment, wanted.piece or PIECES[wanted.way], wallets, client.network):
            _read_piece(reader, piece, client.network, wallets, final, progress)
            report(progress)
            leases.take(lease_name(client.network.pk), owner=owner, duration=SCAN_LEASE)
            if ends_at is not None and time.monotonic() >= ends_at:
                return progress
    progress.done = True
    return progress


def _length(part: tuple[Segment, Sequence[Wallet]]) -> int:
    (first, last), _ = part
    return last - first + 1


def _read_piece(
    reader: Reader,
    piece: Segment,
    network: Network,
    wallets: Sequence[Wallet],
    final: Final,
    progress: Progress,
) -> None:
    found = reader.read(*piece)
    with database.atomic():
        sent, moved = store(network, found)
        _mark(network, wallets, (piece[0], min(piece[1], final[0])), final, found.problem)
    progress.blocks_done += piece[1] - piece[0] + 1
    progress.transactions += sent
    progress.transfers += moved
    if found.problem and found.problem not in progress.problems:
        progress.problems.append(found.problem)


def missing(network: Network, wanted: Wanted) -> dict[Segment, list[Wallet]]:
    """The stretches that were not read, each with the wallets it is to be read for.

    HistoryError where what is asked for does not touch what was read: in between nothing would be
    known, and nobody could tell.
    """
    if wanted.first is not None and wanted.last < wanted.first:
        raise HistoryError(f"there is no block from {wanted.first} to {wanted.last}")
    rows = ChainScan.objects.filter(network=network, wallet__in=wanted.wallets)
    known = {} if wanted.again else {row.wallet_id: row for row in rows}
    parts: dict[Segment, list[Wallet]] = defaultdict(list)
    for wallet in wanted.wallets:
        for part in _unread(wanted, known.get(wallet.pk), wallet):
            parts[part].append(wallet)
    return dict(parts)


def _unread(wanted: Wanted, known: ChainScan | None, wallet: Wallet) -> Iterator[Segment]:
    if known is None:
        yield wanted.last if wanted.first is None else wanted.first, wanted.last
        return
    first = known.first_block if wanted.first is None else wanted.first
    if first > known.last_block + 1 or wanted.last < known.first_block - 1:
        raise HistoryError(
            f"of {wallet} the blocks {known.first_block} to {known.last_block} were read, and "
            f"{first} to {wanted.last} do not touch them; ask also for those in between"
        )
    if first < known.first_block:
        yield first, known.first_block - 1
    if wanted.last > known.last_block:
        yield known.last_block + 1, wanted.last


def _pieces(
    segment: Segment, size: int, wallets: Iterable[Wallet], network: Network
) -> Iterator[Segment]:
    """Away from what was read, so that what was read stays one stretch."""
    first, last = segment
    rows = ChainScan.objects.filter(network=network, wallet__in=list(wallets))
    if rows.filter(first_block=last + 1).exists():
        for end in range(last, first - 1, -size):
            yield max(first, end - size + 1), end
    else:
        for start in range(first, last + 1, size):
            yield start, min(last, start + size - 1)


def _mark(
    network: Network, wallets: Sequence[Wallet], read: Segment, final: Final, problem: str
) -> None:
    """What was read is one stretch with what was read before; else that stays what counts."""
    first, last = read
    if last < first:
        return
    rows = ChainScan.objects.filter(network=network, wallet__in=wallets)
    known = {row.wallet_id: row for row in rows}
    now = timezone.now()
    for row in known.values():
        row.read_at = now
        row.problem = problem[:300] or row.problem
        if first <= row.last_block + 1 and last >= row.first_block - 1:
            row.first_block = min(first, row.first_block)
            row.last_block = max(last, row.last_block)
        if row.last_block == final[0]:
            row.final_at = final[1]
    ChainScan.objects.bulk_update(
        known.values(),
        ("first_block", "last_block", "problem", "read_at", "final_at"),
        batch_size=200,
    )
    ChainScan.objects.bulk_create(
        ChainScan(
            wallet=wallet,
            network=network,
            first_block=first,
            last_block=last,
            problem=problem[:300],
            read_at=now,
            final_at=final[1] if last == final[0] else None,
        )
        for wallet in wallets
        if wallet.pk not in known
    )
