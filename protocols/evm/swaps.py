"""Swaps through a Uniswap V2-style router: exact in, quoted, with slippage and deadline."""

from datetime import timedelta

from eth_typing import ChecksumAddress

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Permission,
    Plan,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.quotes import ROUTER, ROUTER_ABI, Quote, quote_swap
from protocols.evm.tokens import (
    APPROVE,
    allowance,
    plan_allowance,
    require_balance,
    require_native,
)
from protocols.movements import read_movements
from protocols.params import NATIVE, ActionParams, Amount, Bps, Seconds, TokenRef

FROM_NATIVE = "swapExactETHForTokens"
TO_NATIVE = "swapExactTokensForETH"
BETWEEN_TOKENS = "swapExactTokensForTokens"


class SwapParams(ActionParams):
    """`amount` of `token_in` in base units; the rest is what may be lost on the way."""

    token_in: TokenRef
    token_out: TokenRef
    amount: Amount
    slippage_bps: Bps = 50
    deadline_seconds: Seconds = 1200


class Swap(Action):
    """Exchange one token for another."""

    slug = "swap"
    title = "Swap"
    Params = SwapParams
    permissions = (
        APPROVE,
        *(
            Permission(ROUTER, ROUTER_ABI.function(name).signature)
            for name in (FROM_NATIVE, TO_NATIVE, BETWEEN_TOKENS)
        ),
    )

    def plan(self, ctx: Context, params: SwapParams) -> Plan:
        """The swap, after an exact allowance where a token goes in."""
        quote = quote_swap(ctx, params.token_in, params.token_out, params.amount)
        minimum = minimum_out(quote.expected, params.slippage_bps)
        approvals = _plan_payment(ctx, params)
        swap = _swap_call(ctx, params, quote, minimum)
        return Plan(
            (*approvals, swap),
            f"swap {params.amount} of {params.token_in} for at least {minimum} "
            f"of {params.token_out}",
            relies_on=_relies_on(ctx, params),
        )

    def settle(self, ctx: Context, params: SwapParams, receipt: CallReceipt) -> Settlement:
        """Tokens by their Transfer logs, native coin by what the router unwrapped."""
        router = receipt.call.to
        wrapped = _unwrapped_coin(receipt.call)
        movements = read_movements(receipt, ctx.wallet, wrapped=wrapped, unwrapped_by=router)
        return Settlement(movements)


def minimum_out(expected: int, slippage_bps: int) -> int:
    """The least to accept, rounded up: rounding never gives slippage away."""
    return -(-expected * (10_000 - slippage_bps) // 10_000)


def _relies_on(ctx: Context, params: SwapParams) -> tuple[str, ...]:
    if params.token_in == NATIVE:
        return ()
    return (f"allowance:{params.token_in}:{ctx.deployment(ROUTER)}",)


def _plan_payment(ctx: Context, params: SwapParams) -> tuple[Call, ...]:
    """The approvals before the swap, after seeing that the wallet can pay."""
    if params.token_in == NATIVE:
        require_native(ctx, params.amount)
        return ()
    require_balance(ctx, params.token_in, params.amount)
    router = ctx.deployment(ROUTER)
    if allowance(ctx, params.token_in, router) >= params.amount:
        return ()
    return plan_allowance(ctx, params.token_in, router, params.amount)


def _swap_call(ctx: Context, params: SwapParams, quote: Quote, minimum: int) -> Call:
    router = Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI)
    until = ctx.now.replace(microsecond=0) + timedelta(seconds=params.deadline_seconds)
    terms = (minimum, quote.path, ctx.wallet, int(until.timestamp()))
    if params.token_in == NATIVE:
        return router.call("swap", FROM_NATIVE, *terms, value=params.amount, valid_until=until)
    name = TO_NATIVE if params.token_out == NATIVE else BETWEEN_TOKENS
    return router.call("swap", name, params.amount, *terms, valid_until=until)


def _unwrapped_coin(call: Call) -> ChecksumAddress | None:
    """The wrapped coin at the end of a way to native; None for any other call.

    Read from the call itself: what was sent can be settled also where a deployment has been
    disabled since.
    """
    decoded = ROUTER_ABI.decode_call(call.data)
    if decoded is None or not decoded.signature.startswith(f"{TO_NATIVE}("):
        return None
    last: ChecksumAddress = decoded.arguments["path"][-1]
    return last
