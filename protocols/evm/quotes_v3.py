"""What the pools of Uniswap V3 would give now, asked of its quoter."""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract
from protocols.evm.quotes import require_two_coins
from protocols.evm.wrapping import WETH
from protocols.params import NATIVE
from wallets.addresses import ZERO_ADDRESS, parse_address

QUOTER = "uniswap_v3_quoter"
FACTORY = "uniswap_v3_factory"
# The first quoter and QuoterV2 answer the same question; of the second's answers only the first
# is read.
QUOTER_ABI = load_abi("protocols.evm", "uniswap_v3_quoter")
FACTORY_ABI = load_abi("protocols.evm", "uniswap_v3_factory")
# Hundredths of a basis point.
FEE_TIERS = (100, 500, 3_000, 10_000)


@dataclass(frozen=True, slots=True)
class Route:
    """Tokens, the fees of the pools between them, and what comes out at the end."""

    tokens: tuple[ChecksumAddress, ...]
    fees: tuple[int, ...]
    expected: int

    @property
    def path(self) -> bytes:
        """As the router takes it: packed."""
        packed = bytes.fromhex(self.tokens[0][2:])
        for fee, token in zip(self.fees, self.tokens[1:], strict=True):
            packed += fee.to_bytes(3) + bytes.fromhex(token[2:])
        return packed


def quote_route(ctx: Context, token_in: str, token_out: str, amount: int) -> Route:
    """The best of the pools there are, direct or through wrapped coin; PlanError without any."""
    source, target = (_as_token(ctx, token) for token in (token_in, token_out))
    require_two_coins(source, target, token_in, token_out)
    routes = tuple(_routes(ctx, source, target, amount))
    if not routes:
        raise PlanError(f"no pool leads from {token_in} to {token_out} on chain {ctx.chain_id}")
    best = _best(routes)
    if not best.expected:
        raise PlanError(
            f"nothing would come out for {amount} of {token_in}: the pools to {token_out} are "
            "empty or the amount is too small"
        )
    return best


def _as_token(ctx: Context, token: str) -> ChecksumAddress:
    return ctx.deployment(WETH) if token == NATIVE else parse_address(token)


def _routes(
    ctx: Context, source: ChecksumAddress, target: ChecksumAddress, amount: int
) -> Iterator[Route]:
    yield from _direct(ctx, source, target, amount)
    weth = ctx.deployments.get(WETH)
    if weth is None or weth in (source, target):
        return
    if not (first := _best(_direct(ctx, source, weth, amount))).expected:
        return
    if (second := _best(_direct(ctx, weth, target, first.expected))).expected:
        tokens, fees = (source, weth, target), first.fees + second.fees
        yield _quoted(ctx, Route(tokens, fees, 0), amount)


def _direct(
    ctx: Context, source: ChecksumAddress, target: ChecksumAddress, amount: int
) -> Iterator[Route]:
    factory = Contract(ctx, ctx.deployment(FACTORY), FACTORY_ABI)
    for fee in FEE_TIERS:
        if factory.read("getPool", source, target, fee) != ZERO_ADDRESS:
            yield _quoted(ctx, Route((source, target), (fee,), 0), amount)


def _best(routes: Iterator[Route] | tuple[Route, ...]) -> Route:
    return max(routes, key=lambda route: route.expected, default=Route((), (), 0))


def _quoted(ctx: Context, route: Route, amount: int) -> Route:
    quoter = Contract(ctx, ctx.deployment(QUOTER), QUOTER_ABI)
    try:
        expected = quoter.read("quoteExactInput", route.path, amount)
    except PlanError:
        # The quoter reverts where a pool was never given a price, or the amount overflows it.
        expected = 0
    return Route(route.tokens, route.fees, expected)
