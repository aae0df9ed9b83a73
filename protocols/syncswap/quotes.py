"""What SyncSwap's pools would give now: those its factories know and the registry has enabled."""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract
from protocols.params import NATIVE
from wallets.addresses import ZERO_ADDRESS, parse_address

WETH = "weth"
POOL = "syncswap_pool"
POOL_ABI = load_abi("protocols.syncswap", "pool")
FACTORY_ABI = load_abi("protocols.syncswap", "factory")
# Which factory makes which type of pool, as its pools say of themselves.
POOL_TYPES = {"syncswap_classic_factory": 1, "syncswap_stable_factory": 2}


@dataclass(frozen=True, slots=True)
class Quote:
    """A pool, the coin it takes, and what it would give, in base units."""

    pool: ChecksumAddress
    token_in: ChecksumAddress
    expected: int


def quote_swap(ctx: Context, token_in: str, token_out: str, amount: int) -> Quote:
    """The best of the registered pools of two coins; PlanError where there is none."""
    source, target = (_pool_token(ctx, token) for token in (token_in, token_out))
    if source == target:
        raise PlanError(
            f"{token_in} and {token_out} are the same coin; choose two, or wrap and unwrap"
        )
    pools = _registered(ctx, tuple(_pools(ctx, source, target)), f"{token_in} and {token_out}")
    expected, pool = max((_ask(ctx, pool, source, amount), pool) for pool in pools)
    if not expected:
        raise PlanError(
            f"nothing would come out for {amount} of {token_in}: the pools to {token_out} are "
            "empty or the amount is too small"
        )
    return Quote(pool, source, expected)


def _pool_token(ctx: Context, token: str) -> ChecksumAddress:
    return ctx.deployment(WETH) if token == NATIVE else parse_address(token)


def _pools(
    ctx: Context, source: ChecksumAddress, target: ChecksumAddress
) -> Iterator[ChecksumAddress]:
    """What the enabled factories made for the pair."""
    factories = [role for role in POOL_TYPES if role in ctx.deployments]
    if not factories:
        ctx.deployment(next(iter(POOL_TYPES)))
    for role in factories:
        pool = Contract(ctx, ctx.deployment(role), FACTORY_ABI).read("getPool", source, target)
        if pool != ZERO_ADDRESS:
            yield _of_type(ctx, parse_address(pool), role)


def _of_type(ctx: Context, pool: ChecksumAddress, role: str) -> ChecksumAddress:
    found, wanted = Contract(ctx, pool, POOL_ABI).read("poolType"), POOL_TYPES[role]
    if found != wanted:
        raise PlanError(f"{pool} is a pool of type {found}, {role} makes {wanted}; look at both")
    return pool


def _registered(
    ctx: Context, pools: tuple[ChecksumAddress, ...], pair: str
) -> tuple[ChecksumAddress, ...]:
    if not pools:
        raise PlanError(f"SyncSwap has no pool of {pair} on chain {ctx.chain_id}")
    known = set(ctx.deployments_in(POOL).values())
    if found := tuple(pool for pool in pools if pool in known):
        return found
    raise PlanError(
        f"the pool of {pair}, {', '.join(pools)}, is no enabled deployment on chain "
        f"{ctx.chain_id}; register it as {POOL}-name and verify it first"
    )


def _ask(ctx: Context, pool: ChecksumAddress, token_in: ChecksumAddress, amount: int) -> int:
    try:
        found = Contract(ctx, pool, POOL_ABI).read("getAmountOut", token_in, amount, ctx.wallet)
    except PlanError:
        # A pool refuses to quote where it is empty or the amount overflows it.
        return 0
    return int(found)
