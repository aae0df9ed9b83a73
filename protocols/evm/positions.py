"""What a wallet has inside the contracts of the generic adapter."""

from collections.abc import Iterator, Sequence

from eth_typing import ChecksumAddress

from protocols.actions import Context, Exit, PlanError, Position
from protocols.contracts import Contract
from protocols.evm.liquidity import PAIR, RemoveLiquidity
from protocols.evm.pairs import PAIR_ABI, find_pair
from protocols.evm.tokens import token_at
from protocols.evm.vaults import vault_positions
from protocols.evm.wrapping import WETH
from protocols.params import NATIVE
from wallets.addresses import parse_address


def positions(ctx: Context) -> Sequence[Position]:
    """Shares of registered vaults and pools; other tokens are balances."""
    return (*vault_positions(ctx), *_pool_shares(ctx))


def _pool_shares(ctx: Context) -> Iterator[Position]:
    for address in ctx.deployments_in(PAIR).values():
        if shares := token_at(ctx, address).read("balanceOf", ctx.wallet):
            what, out = f"{shares} shares of the pool {address}", _way_out(ctx, address, shares)
            parts = _behind(Contract(ctx, address, PAIR_ABI), shares)
            yield Position(what, "liquidity", address, shares, out, parts)


def _way_out(ctx: Context, address: ChecksumAddress, shares: int) -> Exit | None:
    """Through the router we know, where the pool is one of its factory."""
    pair = Contract(ctx, address, PAIR_ABI)
    try:
        weth = ctx.deployment(WETH)
        tokens = [pair.read("token0"), pair.read("token1")]
        coins = [NATIVE if one == weth else one for one in tokens]
        if find_pair(ctx, *coins).address != address:
            return None
    except PlanError:
        return None
    terms = {"token_a": coins[0], "token_b": coins[1], "liquidity": str(shares)}
    return Exit(RemoveLiquidity.slug, terms)


def _behind(pair: Contract, shares: int) -> tuple[tuple[ChecksumAddress, int], ...]:
    """Both tokens of the pool, with what the shares would bring now."""
    supply: int = pair.read("totalSupply")
    tokens = [parse_address(pair.read(name)) for name in ("token0", "token1")]
    reserves = pair.read_all("getReserves")
    return tuple(
        (token, reserve * shares // supply)
        for token, reserve in zip(tokens, reserves, strict=False)
    )
