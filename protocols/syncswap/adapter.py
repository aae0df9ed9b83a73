"""SyncSwap, the exchange of Scroll and ZKsync Era: one vault, classic and stable pools."""

from collections.abc import Iterator, Sequence

from eth_typing import ChecksumAddress

from protocols.actions import Adapter, Context, Position, never_paused
from protocols.contracts import Contract
from protocols.syncswap.quotes import POOL, POOL_ABI
from protocols.syncswap.swaps import Swap
from wallets.addresses import parse_address


def positions(ctx: Context) -> Sequence[Position]:
    """The wallet's share of what the registered pools hold."""
    return tuple(
        position
        for role, pool in sorted(ctx.deployments_in(POOL).items())
        for position in _shares(ctx, role, pool)
    )


def _shares(ctx: Context, role: str, address: ChecksumAddress) -> Iterator[Position]:
    pool = Contract(ctx, address, POOL_ABI)
    owned: int = pool.read("balanceOf", ctx.wallet)
    if not owned:
        return
    supply: int = pool.read("totalSupply")
    for place, token in enumerate(pool.read("getAssets")):
        amount = pool.read(f"reserve{place}") * owned // supply
        what = f"{owned} liquidity of {role} ({address})"
        yield Position(what, "liquidity", parse_address(token), amount)


# Neither vault nor router, factories or pools of syncswap/core-contracts@5cce5b8 can be paused.
ADAPTER = Adapter.of(
    "syncswap",
    "SyncSwap",
    [Swap()],
    package="protocols.syncswap",
    positions=positions,
    health=never_paused,
)
