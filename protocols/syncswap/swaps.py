"""Swaps through SyncSwap's router: one pool, exact in, quoted, paid out to the wallet itself."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from eth_typing import ChecksumAddress
from pydantic import Field

from protocols.abi import load_abi
from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Movement,
    Permission,
    Plan,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.tokens import (
    APPROVE,
    allowance,
    plan_allowance,
    require_balance,
    require_native,
)
from protocols.movements import read_movements
from protocols.params import MOST_SLIPPAGE_BPS, NATIVE, ActionParams, Amount, Bps, Seconds, TokenRef
from protocols.syncswap.quotes import POOL, POOL_ABI, WETH, Quote, quote_swap
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.chain.codec import CODEC, decode_exactly
from wallets.transactions.allowances import allowance_name
from wallets.transactions.arguments import (
    Constant,
    Deadline,
    Encoded,
    MinimumOut,
    OneOf,
    PaidIn,
    Registered,
    RegisteredToken,
    Sender,
    Single,
)
from wallets.transactions.calldata import Path
from wallets.transactions.expectations import Expectations, minimum_out

ROUTER = "syncswap_router"
ROUTER_ABI = load_abi("protocols.syncswap", "router")
SWAP = ROUTER_ABI.function("swap")
# What is longer under way than that was quoted in another market.
LONGEST_DEADLINE = 3600

# What a pool reads from a step: the coin it was given, who gets the other, and how.
POOL_DATA = ("address", "address", "uint8")
# How the vault pays out its coin; 0, which keeps it in the vault, is never asked for.
UNWRAPPED, WRAPPED = 1, 2

_STEP: Path = (0, "*", 0, "*")
_PATH: Path = (0, "*")
_TERMS = (
    Single(path=(0,)),
    # One pool a path: on a way through several the first would pay the second, not the wallet.
    Single(path=(*_PATH, 0)),
    Registered(path=(*_STEP, 0)),
    Encoded(
        path=(*_STEP, 1),
        types=POOL_DATA,
        checks=(
            RegisteredToken(path=(0,)),
            Sender(path=(1,)),
            OneOf(path=(2,), values=(str(UNWRAPPED), str(WRAPPED))),
        ),
    ),
    Constant(path=(*_STEP, 2), value=ZERO_ADDRESS),
    Constant(path=(*_STEP, 3), value="0x"),
    RegisteredToken(path=(*_PATH, 1), native=True),
    PaidIn(path=(*_PATH, 2), token=(*_PATH, 1)),
    MinimumOut(path=(1,), most_slippage_bps=MOST_SLIPPAGE_BPS),
    Deadline(path=(2,), within=LONGEST_DEADLINE),
)


class SwapParams(ActionParams):
    """`amount` of `token_in` in base units; the rest is what may be lost on the way."""

    token_in: TokenRef
    token_out: TokenRef
    amount: Amount
    slippage_bps: Bps = 50
    deadline_seconds: Annotated[Seconds, Field(le=LONGEST_DEADLINE)] = 1200


class Swap(Action):
    """Exchange one coin for another in a classic or stable pool."""

    slug = "swap"
    title = "Swap on SyncSwap"
    stays_inside = False
    brings = ("token_out",)
    Params = SwapParams
    permissions = (
        APPROVE,
        Permission.allowance(ROUTER),
        Permission.named(POOL),
        Permission.named(WETH),
        Permission(ROUTER, SWAP.signature, _TERMS, payable=True),
    )

    def plan(self, ctx: Context, params: SwapParams) -> Plan:
        """The swap, after an exact allowance where a token goes in."""
        quote = quote_swap(ctx, params.token_in, params.token_out, params.amount)
        approvals = _plan_payment(ctx, params)
        least = minimum_out(quote.expected, params.slippage_bps)
        return Plan(
            (*approvals, _swap_call(ctx, params, quote)),
            f"swap {params.amount} of {params.token_in} for at least {least} of {params.token_out}",
            relies_on=_relies_on(ctx, params),
        )

    def settle(self, ctx: Context, params: SwapParams, receipt: CallReceipt) -> Settlement:
        """Tokens by their Transfer logs, native coin by what the pool says it gave."""
        return Settlement(
            (*read_movements(receipt, ctx.wallet), *_native_in(receipt, ctx.wallet)),
        )


def _relies_on(ctx: Context, params: SwapParams) -> tuple[str, ...]:
    if params.token_in == NATIVE:
        return ()
    return (allowance_name(params.token_in, ctx.deployment(ROUTER)),)


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


def _swap_call(ctx: Context, params: SwapParams, quote: Quote) -> Call:
    until = ctx.now.replace(microsecond=0) + timedelta(seconds=params.deadline_seconds)
    native = params.token_in == NATIVE
    mode = UNWRAPPED if params.token_out == NATIVE else WRAPPED
    data = CODEC.encode(POOL_DATA, (quote.token_in, ctx.wallet, mode))
    steps = ((quote.pool, data, ZERO_ADDRESS, b""),)
    path = (steps, ZERO_ADDRESS if native else quote.token_in, params.amount)
    return Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI).call(
        "swap",
        "swap",
        (path,),
        minimum_out(quote.expected, params.slippage_bps),
        int(until.timestamp()),
        value=params.amount if native else 0,
        valid_until=until,
        expectations=Expectations(quoted_out=quote.expected, slippage_bps=params.slippage_bps),
    )


def _native_in(receipt: CallReceipt, wallet: ChecksumAddress) -> Iterator[Movement]:
    """What the vault paid in native coin, which leaves no log of its own.

    Plans ask for unwrapped coin only where native coin is wanted, so what a pool says it gave
    that way is native coin.
    """
    unwrapping = set(_unwrapping(receipt.call))
    for log in receipt.logs:
        said = POOL_ABI.event("Swap").decode(log) if log.address in unwrapping else None
        if said and said["to"] == wallet:
            yield Movement("", "in", said["amount0Out"] + said["amount1Out"], receipt.call.to)


def _unwrapping(call: Call) -> Iterator[ChecksumAddress]:
    """The pools of a swap that was sent which pay out native coin."""
    decoded = SWAP.decode_call(call.data)
    for steps, *_ in decoded.arguments["paths"] if decoded else ():
        for pool, data, *_ in steps:
            inside: Any = decode_exactly(POOL_DATA, data)
            if inside is not None and inside[2] == UNWRAPPED:
                yield parse_address(pool)
