"""What the pools of a Uniswap V2-style exchange would give now."""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract
from protocols.evm.wrapping import WETH
from protocols.params import NATIVE
from wallets.addresses import ZERO_ADDRESS, parse_address

ROUTER = "uniswap_v2_router"
FACTORY = "uniswap_v2_factory"
ROUTER_ABI = load_abi("protocols.evm", "uniswap_v2_router")
FACTORY_ABI = load_abi("protocols.evm", "uniswap_v2_factory")

Path = tuple[ChecksumAddress, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A way through the pools and what comes out at its end, in base units."""

    path: Path
    expected: int


def quote_swap(ctx: Context, token_in: str, token_out: str, amount: int) -> Quote:
    """The better of the ways there are; PlanError where nothing comes out of any.

    Anybody can open a pool with a coin in it: a direct one is not trusted to be the best.
    """
    weth = ctx.deployment(WETH)
    source, target = (
        weth if token == NATIVE else parse_address(token) for token in (token_in, token_out)
    )
    require_two_coins(source, target, token_in, token_out)
    paths = tuple(_paths(ctx, source, target, weth))
    if not paths:
        raise PlanError(f"no pool leads from {token_in} to {token_out} on chain {ctx.chain_id}")
    best = max((_quote(ctx, path, amount) for path in paths), key=lambda quote: quote.expected)
    if not best.expected:
        raise PlanError(
            f"nothing would come out for {amount} of {token_in}: the pools to {token_out} are "
            "empty or the amount is too small"
        )
    return best


def require_two_coins(
    source: ChecksumAddress, target: ChecksumAddress, token_in: str, token_out: str
) -> None:
    """Refuse to trade a coin for itself."""
    if source == target:
        raise PlanError(
            f"{token_in} and {token_out} are the same coin; choose two, or wrap and unwrap"
        )


def _paths(
    ctx: Context, source: ChecksumAddress, target: ChecksumAddress, weth: ChecksumAddress
) -> Iterator[Path]:
    if _has_pool(ctx, source, target):
        yield (source, target)
    if weth in (source, target):
        return
    if _has_pool(ctx, source, weth) and _has_pool(ctx, weth, target):
        yield (source, weth, target)


def _has_pool(ctx: Context, first: ChecksumAddress, second: ChecksumAddress) -> bool:
    factory = Contract(ctx, ctx.deployment(FACTORY), FACTORY_ABI)
    return bool(factory.read("getPair", first, second) != ZERO_ADDRESS)


def _quote(ctx: Context, path: Path, amount: int) -> Quote:
    router = Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI)
    try:
        amounts = router.read("getAmountsOut", amount, path)
    except PlanError:
        # The router refuses to quote where a pool is empty or the amount overflows it.
        return Quote(path, 0)
    return Quote(path, amounts[-1])
