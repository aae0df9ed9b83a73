"""Swaps through a Uniswap V2-style router: exact in, quoted, with slippage and deadline."""

from datetime import datetime, timedelta
from typing import Annotated

from eth_typing import ChecksumAddress
from pydantic import Field

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
from protocols.evm.tokens import APPROVE, payment_relies_on, plan_payment
from protocols.movements import read_movements
from protocols.params import (
    MOST_SLIPPAGE_BPS,
    NATIVE,
    ActionParams,
    Bps,
    Seconds,
    TokenRef,
)
from protocols.params import Amount as ParamAmount
from wallets.transactions.arguments import Amount, Deadline, MinimumOut, RegisteredToken, Sender
from wallets.transactions.demands import Check
from wallets.transactions.expectations import Expectations, minimum_out

FROM_NATIVE = "swapExactETHForTokens"
TO_NATIVE = "swapExactTokensForETH"
BETWEEN_TOKENS = "swapExactTokensForTokens"


# What is longer under way than that was quoted in another market.
LONGEST_DEADLINE = 3600


def _terms(first: int) -> tuple[Check, ...]:
    """The checks of (amountOutMin, path, to, deadline), from this place on."""
    return (
        MinimumOut(path=(first,), most_slippage_bps=MOST_SLIPPAGE_BPS),
        RegisteredToken(path=(first + 1, "*")),
        Sender(path=(first + 2,)),
        Deadline(path=(first + 3,), within=LONGEST_DEADLINE),
    )


_SPENT = Amount(path=(0,), token=(2, 0))
PERMISSIONS = (
    Permission(ROUTER, ROUTER_ABI.function(FROM_NATIVE).signature, _terms(0), payable=True),
    Permission(ROUTER, ROUTER_ABI.function(TO_NATIVE).signature, (_SPENT, *_terms(1))),
    Permission(ROUTER, ROUTER_ABI.function(BETWEEN_TOKENS).signature, (_SPENT, *_terms(1))),
)


class SwapParams(ActionParams):
    """`amount` of `token_in` in base units; the rest is what may be lost on the way."""

    token_in: TokenRef
    token_out: TokenRef
    amount: ParamAmount
    slippage_bps: Bps = 50
    deadline_seconds: Annotated[Seconds, Field(le=LONGEST_DEADLINE)] = 1200


class Swap(Action):
    """Exchange one token for another."""

    slug = "swap"
    title = "Swap"
    stays_inside = False
    brings = ("token_out",)
    Params = SwapParams
    permissions = (APPROVE, Permission.allowance(ROUTER), *PERMISSIONS)

    def plan(self, ctx: Context, params: SwapParams) -> Plan:
        """The swap, after an exact allowance where a token goes in."""
        quote = quote_swap(ctx, params.token_in, params.token_out, params.amount)
        promised = Expectations(quoted_out=quote.expected, slippage_bps=params.slippage_bps)
        router = ctx.deployment(ROUTER)
        approvals = plan_payment(ctx, params.token_in, params.amount, router)
        swap = _swap_call(ctx, params, quote, promised)
        return Plan(
            (*approvals, swap),
            f"swap {params.amount} of {params.token_in} for at least {promised.least_out} "
            f"of {params.token_out}",
            relies_on=payment_relies_on(params.token_in, router),
        )

    def settle(self, ctx: Context, params: SwapParams, receipt: CallReceipt) -> Settlement:
        """Tokens by their Transfer logs, native coin by what the router unwrapped."""
        router = receipt.call.to
        wrapped = _unwrapped_coin(receipt.call)
        movements = read_movements(receipt, ctx.wallet, wrapped=wrapped, unwrapped_by=router)
        return Settlement(movements)


def deadline_of(ctx: Context, seconds: int) -> datetime:
    """Until when it may be done, in whole seconds as contracts have it."""
    return ctx.now.replace(microsecond=0) + timedelta(seconds=seconds)


def _swap_call(ctx: Context, params: SwapParams, quote: Quote, promised: Expectations) -> Call:
    router = Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI)
    until = deadline_of(ctx, params.deadline_seconds)
    minimum = minimum_out(quote.expected, params.slippage_bps)
    terms = (minimum, quote.path, ctx.wallet, int(until.timestamp()))
    name, before, value = _way_in(params)
    return router.call(
        "swap", name, *before, *terms, value=value, valid_until=until, expectations=promised
    )


def _way_in(params: SwapParams) -> tuple[str, tuple[int, ...], int]:
    """The function to call, what it takes before its terms, and the native coin with it."""
    if params.token_in == NATIVE:
        return FROM_NATIVE, (), params.amount
    name = TO_NATIVE if params.token_out == NATIVE else BETWEEN_TOKENS
    return name, (params.amount,), 0


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
