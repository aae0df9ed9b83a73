"""Swaps through Uniswap V3's SwapRouter02: exact in, quoted, with slippage and deadline."""

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
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
from protocols.evm.quotes_v3 import Route, quote_route
from protocols.evm.swaps import LONGEST_DEADLINE, SwapParams, deadline_of
from protocols.evm.tokens import APPROVE, payment_relies_on, plan_payment
from protocols.movements import read_movements, unused_value
from protocols.params import MOST_SLIPPAGE_BPS, NATIVE
from wallets.addresses import parse_address
from wallets.transactions.arguments import Amount, Deadline, InnerCall, MinimumOut, Sender
from wallets.transactions.expectations import Expectations, minimum_out
from wallets.transactions.multicalls import HandedOn, PoolPath, WhenPaid, first_token

ROUTER = "uniswap_v3_router"
ROUTER_ABI = load_abi("protocols.evm", "uniswap_v3_router")
MULTICALL, EXACT_INPUT, UNWRAP, REFUND = (
    ROUTER_ABI.function(name) for name in ("multicall", "exactInput", "unwrapWETH9", "refundETH")
)
# What the router calls itself as a recipient.
ROUTER_ITSELF = parse_address("0x0000000000000000000000000000000000000002")

PERMISSIONS = (
    Permission(
        ROUTER,
        MULTICALL.signature,
        (
            Deadline(path=(0,), within=LONGEST_DEADLINE),
            InnerCall(path=(1, "*")),
            # A pool that runs dry takes less coin than was sent; the router keeps the rest.
            WhenPaid(path=(1, -1), value=f"0x{REFUND.encode().hex()}"),
        ),
        payable=True,
    ),
    Permission(
        ROUTER,
        EXACT_INPUT.signature,
        (
            PoolPath(path=(0, 0)),
            HandedOn(
                path=(0, 1),
                held=ROUTER_ITSELF,
                brings=(0, 0),
                within=MULTICALL.signature,
                this=EXACT_INPUT.signature,
                then=UNWRAP.signature,
            ),
            Amount(path=(0, 2), token=(0, 0)),
            MinimumOut(path=(0, 3), most_slippage_bps=MOST_SLIPPAGE_BPS),
        ),
    ),
    Permission(
        ROUTER,
        UNWRAP.signature,
        (MinimumOut(path=(0,), most_slippage_bps=MOST_SLIPPAGE_BPS), Sender(path=(1,))),
    ),
    Permission(ROUTER, REFUND.signature),
)


class SwapV3(Action):
    """Exchange one token for another in the pools of Uniswap V3."""

    slug = "swap-v3"
    title = "Swap through Uniswap V3"
    stays_inside = False
    brings = ("token_out",)
    Params = SwapParams
    permissions = (APPROVE, Permission.allowance(ROUTER), *PERMISSIONS)

    def plan(self, ctx: Context, params: SwapParams) -> Plan:
        """The swap, after an exact allowance where a token goes in."""
        router = ctx.deployment(ROUTER)
        route = quote_route(ctx, params.token_in, params.token_out, params.amount)
        approvals = plan_payment(ctx, params.token_in, params.amount, router)
        promised = Expectations(quoted_out=route.expected, slippage_bps=params.slippage_bps)
        return Plan(
            (*approvals, _swap_call(ctx, params, route, promised)),
            f"swap {params.amount} of {params.token_in} for at least {promised.least_out} "
            f"of {params.token_out}",
            relies_on=payment_relies_on(params.token_in, router),
        )

    def settle(self, ctx: Context, params: SwapParams, receipt: CallReceipt) -> Settlement:
        """Tokens by their Transfer logs, native coin by what the router wrapped and unwrapped."""
        router = receipt.call.to
        found = read_movements(
            receipt, ctx.wallet, wrapped=_unwrapped_coin(receipt.call), unwrapped_by=router
        )
        given_back = unused_value(receipt, _coin_in(receipt.call))
        return Settlement((*found, *given_back))


def _swap_call(ctx: Context, params: SwapParams, route: Route, promised: Expectations) -> Call:
    until = deadline_of(ctx, params.deadline_seconds)
    return Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI).call(
        "swap",
        "multicall",
        int(until.timestamp()),
        _calls(ctx, params, route),
        value=params.amount if params.token_in == NATIVE else 0,
        valid_until=until,
        expectations=promised,
    )


def _calls(ctx: Context, params: SwapParams, route: Route) -> tuple[bytes, ...]:
    """The swap, and what makes native coin of what it brought or brings back what it left."""
    minimum = minimum_out(route.expected, params.slippage_bps)
    to_native = params.token_out == NATIVE
    receiver = ROUTER_ITSELF if to_native else ctx.wallet
    swap = EXACT_INPUT.encode((route.path, receiver, params.amount, minimum))
    if to_native:
        return swap, UNWRAP.encode(minimum, ctx.wallet)
    return (swap, REFUND.encode()) if params.token_in == NATIVE else (swap,)


def _inner_calls(call: Call) -> tuple[bytes, ...]:
    """Read from the call itself: it can be settled also where a deployment was disabled since."""
    decoded = MULTICALL.decode_call(call.data)
    return decoded.arguments["data"] if decoded else ()


def _path(call: Call) -> bytes:
    for inner in _inner_calls(call):
        if decoded := EXACT_INPUT.decode_call(inner):
            (path, *_) = decoded.arguments["params"]
            return bytes(path)
    return b""


def _unwrapped_coin(call: Call) -> ChecksumAddress | None:
    """The wrapped coin at the end of a way to native; None for any other call."""
    to_native = any(UNWRAP.decode_call(inner) for inner in _inner_calls(call))
    return first_token(_path(call)[-20:]) if to_native else None


def _coin_in(call: Call) -> ChecksumAddress | None:
    path = _path(call)
    return first_token(path) if path else None
