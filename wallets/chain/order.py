"""Which endpoint is asked first: those that keep up, then by weight, then the quicker."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from wallets.chain.breaker import is_closed
from wallets.models import RpcEndpoint

# What was seen longer ago says nothing about now: the endpoint gets its turn, and is seen again.
SIGHT_COUNTS_FOR = timedelta(minutes=2)
# Clearly behind is both: more blocks than a load balancer's spread, and a while.
LAG_BLOCKS = 3
LAG_SECONDS = 30.0
# `block_seconds` is a typical value: what is extrapolated with it may be off by a quarter.
DOUBT = 0.25


def in_order(rows: Iterable[RpcEndpoint], now: datetime, block_seconds: float) -> list[RpcEndpoint]:
    """Best first; what is behind or left alone by its breaker comes last."""
    found = list(rows)
    behind = lagging(found, now, block_seconds)
    return sorted(
        found,
        key=lambda row: (
            not is_closed(row, now),
            row.pk in behind,
            -row.weight,
            float("inf") if row.latency_ms is None else row.latency_ms,
            row.name,
        ),
    )


def lagging(rows: Iterable[RpcEndpoint], now: datetime, block_seconds: float) -> set[int]:
    """Endpoints whose newest block is clearly behind the best that any of them has shown."""
    seen = [
        (row.pk, row.head_block, row.head_block_at)
        for row in rows
        if row.head_block is not None
        and row.head_block_at is not None
        and now - row.head_block_at <= SIGHT_COUNTS_FOR
    ]
    return {
        pk
        for pk, head, at in seen
        if any(
            _is_behind(head, best, (at - best_at).total_seconds(), max(block_seconds, 0.05))
            for _, best, best_at in seen
        )
    }


def _is_behind(head: int, best: int, later: float, block_seconds: float) -> bool:
    """Whether a head seen `later` seconds after the best one (or before it) should be higher."""
    doubt = 1 - DOUBT if later > 0 else 1 + DOUBT
    expected = best + later * doubt / block_seconds
    missing = expected - head
    return missing >= LAG_BLOCKS and missing * block_seconds >= LAG_SECONDS
