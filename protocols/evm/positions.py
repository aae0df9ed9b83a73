"""What a wallet has inside the contracts of the generic adapter."""

from collections.abc import Iterator, Sequence

from protocols.actions import Context, Position
from protocols.evm.liquidity import PAIR
from protocols.evm.tokens import token_at
from protocols.evm.vaults import vault_positions


def positions(ctx: Context) -> Sequence[Position]:
    """Shares of registered vaults and pools; other tokens are balances."""
    return (*vault_positions(ctx), *_pool_shares(ctx))


def _pool_shares(ctx: Context) -> Iterator[Position]:
    for address in ctx.deployments_in(PAIR).values():
        if shares := token_at(ctx, address).read("balanceOf", ctx.wallet):
            yield Position(f"{shares} shares of the pool {address}", "liquidity", address, shares)
