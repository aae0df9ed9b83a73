"""Swaps through a Uniswap V2-style router: exact in, quoted, with slippage and deadline."""

from dataclasses import dataclass
from datetime import timedelta

from eth_typing import ChecksumAddress

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Movement,
    Permission,
    Plan,
    PlanError,
    Settlement,
)
from protocols.codec import encode_call, read
from protocols.evm.logs import WETH_WITHDRAWAL, token_movements, weth_events
from protocols.evm.transfers import approve_calls, require_balance
from protocols.evm.wrapping import WETH
from protocols.params import NATIVE, ActionParams, Amount, Bps, Seconds, TokenRef
from wallets.addresses import ZERO_ADDRESS

ROUTER = "uniswap_v2_router"
FACTORY = "uniswap_v2_factory"
FROM_NATIVE = "swapExactETHForTokens(uint256,address[],address,uint256)"
TO_NATIVE = "swapExactTokensForETH(uint256,uint256,address[],address,uint256)"
BETWEEN_TOKENS = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"


class SwapParams(ActionParams):
    """`amount` of `token_in` in base units; the rest is what may be lost on the way."""

    token_in: TokenRef
    token_out: TokenRef
    amount: Amount
    slippage_bps: Bps = 50
    deadline_seconds: Seconds = 1200


@dataclass(frozen=True, slots=True)
class SwapQuote:
    """The route and the least that must come out."""

    path: tuple[ChecksumAddress, ...]
    expected: int
    minimum: int


class Swap(Action):
    """Exchange one token for another."""

    slug = "swap"
    title = "Swap"
    Params = SwapParams
    permissions = tuple(
        Permission(ROUTER, signature) for signature in (FROM_NATIVE, TO_NATIVE, BETWEEN_TOKENS)
    )

    def plan(self, ctx: Context, params: SwapParams) -> Plan:
        """The swap, after an exact allowance where a token goes in."""
        quote = quote_swap(ctx, params)
        approvals: tuple[Call, ...] = ()
        if params.token_in != NATIVE:
            require_balance(ctx, quote.path[0], params.amount)
            approvals = approve_calls(ctx, quote.path[0], ctx.deployment(ROUTER), params.amount)
        return Plan(
            (*approvals, _swap_call(ctx, params, quote)),
            f"swap {params.amount} of {params.token_in} for at least {quote.minimum} "
            f"of {params.token_out}",
        )

    def settle(self, ctx: Context, params: SwapParams, receipt: CallReceipt) -> Settlement:
        """Tokens by their Transfer logs, native coin by WETH's Withdrawal: never by the quote."""
        movements = list(token_movements(ctx.wallet, receipt.logs))
        call = receipt.call
        if call.value:
            movements.insert(0, Movement("", "out", call.value, call.to))
        if params.token_out == NATIVE and call.to == ctx.deployment(ROUTER):
            weth = ctx.deployment(WETH)
            amount = weth_events(receipt.logs, WETH_WITHDRAWAL, weth, call.to)
            movements.append(Movement("", "in", amount, call.to))
        return Settlement(tuple(movements))


def quote_swap(ctx: Context, params: SwapParams) -> SwapQuote:
    """What the pools give now; PlanError where there is no way or nothing comes out."""
    weth = ctx.deployment(WETH)
    source, target = (
        weth if token == NATIVE else token for token in (params.token_in, params.token_out)
    )
    if source == target:
        raise PlanError("both sides of the swap are the same token; wrap or unwrap instead")
    path = _path(ctx, source, target, weth)
    (amounts,) = read(
        ctx,
        ctx.deployment(ROUTER),
        "getAmountsOut(uint256,address[])",
        ["uint256[]"],
        params.amount,
        path,
    )
    expected: int = amounts[-1]
    minimum = minimum_out(expected, params.slippage_bps)
    if minimum == 0:
        raise PlanError("nothing would come out of the swap; use a larger amount")
    return SwapQuote(path, expected, minimum)


def minimum_out(expected: int, slippage_bps: int) -> int:
    """The least to accept, rounded up: rounding never gives slippage away."""
    return -(-expected * (10_000 - slippage_bps) // 10_000)


def _path(
    ctx: Context, source: ChecksumAddress, target: ChecksumAddress, weth: ChecksumAddress
) -> tuple[ChecksumAddress, ...]:
    if _has_pair(ctx, source, target):
        return (source, target)
    if (
        weth not in (source, target)
        and _has_pair(ctx, source, weth)
        and _has_pair(ctx, weth, target)
    ):
        return (source, weth, target)
    raise PlanError(f"no pool leads from {source} to {target} here")


def _has_pair(ctx: Context, first: ChecksumAddress, second: ChecksumAddress) -> bool:
    factory = ctx.deployment(FACTORY)
    (pair,) = read(ctx, factory, "getPair(address,address)", ["address"], first, second)
    return bool(pair.lower() != ZERO_ADDRESS)


def _swap_call(ctx: Context, params: SwapParams, quote: SwapQuote) -> Call:
    until = ctx.now + timedelta(seconds=params.deadline_seconds)
    rest = (quote.minimum, quote.path, ctx.wallet, int(until.timestamp()))
    value = 0
    if params.token_in == NATIVE:
        value = params.amount
        data = encode_call(FROM_NATIVE, *rest)
    else:
        signature = TO_NATIVE if params.token_out == NATIVE else BETWEEN_TOKENS
        data = encode_call(signature, params.amount, *rest)
    return Call(label="swap", to=ctx.deployment(ROUTER), data=data, value=value, valid_until=until)
