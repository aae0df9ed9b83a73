"""Liquidity of Uniswap V2-style pools: both coins in at the pool's price, and both out again."""

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
    PlanError,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.pairs import Two, find_pair
from protocols.evm.quotes import ROUTER, ROUTER_ABI
from protocols.evm.swaps import LONGEST_DEADLINE, deadline_of
from protocols.evm.tokens import APPROVE, payment_relies_on, plan_payment
from protocols.movements import read_movements, read_transfers, unused_value
from protocols.params import MOST_SLIPPAGE_BPS, NATIVE, ActionParams, Bps, Seconds, TokenRef
from protocols.params import Amount as ParamAmount
from wallets.addresses import ZERO_ADDRESS
from wallets.transactions.arguments import (
    Amount,
    Deadline,
    LeastOf,
    MinimumOut,
    RegisteredToken,
    Sender,
    Unchecked,
)
from wallets.transactions.demands import Check
from wallets.transactions.expectations import Expectations, minimum_out

# A pool whose shares may be given back, where it is not registered as a token: `…_pair-weth-usdc`.
PAIR = "uniswap_v2_pair"
ADD, ADD_NATIVE, REMOVE, REMOVE_NATIVE = (
    ROUTER_ABI.function(name)
    for name in ("addLiquidity", "addLiquidityETH", "removeLiquidity", "removeLiquidityETH")
)


def _ending(first: int) -> tuple[Check, ...]:
    """The checks of (to, deadline), from this place on."""
    return Sender(path=(first,)), Deadline(path=(first + 1,), within=LONGEST_DEADLINE)


def _least(place: int, of: int) -> Check:
    return LeastOf(path=(place,), of=(of,), most_slippage_bps=MOST_SLIPPAGE_BPS)


def _both_out(first: int) -> tuple[Check, ...]:
    return tuple(
        MinimumOut(path=(first + place,), place=place, most_slippage_bps=MOST_SLIPPAGE_BPS)
        for place in (0, 1)
    )


def _shares(place: int) -> Check:
    return Unchecked(path=(place,), reason="the pool's shares go for what the minimums demand")


_TOKEN = RegisteredToken(path=(0,))
_TOKENS = (_TOKEN, RegisteredToken(path=(1,)))
_ADDED = (Amount(path=(2,), token=(0,)), Amount(path=(3,), token=(1,)))
_VALUE_USED = LeastOf(path=(3,), of="value", most_slippage_bps=MOST_SLIPPAGE_BPS)
ADDING = (
    Permission(
        ROUTER,
        ADD.signature,
        (*_TOKENS, *_ADDED, _least(4, of=2), _least(5, of=3), *_ending(6)),
    ),
    Permission(
        ROUTER,
        ADD_NATIVE.signature,
        (_TOKEN, Amount(path=(1,), token=(0,)), _least(2, of=1), _VALUE_USED, *_ending(4)),
        payable=True,
    ),
)
REMOVING = (
    Permission(ROUTER, REMOVE.signature, (*_TOKENS, _shares(2), *_both_out(3), *_ending(5))),
    Permission(ROUTER, REMOVE_NATIVE.signature, (_TOKEN, _shares(1), *_both_out(2), *_ending(4))),
    Permission(PAIR, APPROVE.signature, APPROVE.arguments),
)


class _Terms(ActionParams):
    """Two coins of a pool, and what may be lost on the way."""

    token_a: TokenRef
    token_b: TokenRef
    slippage_bps: Bps = 50
    deadline_seconds: Annotated[Seconds, Field(le=LONGEST_DEADLINE)] = 1200

    @property
    def coins(self) -> tuple[str, str]:
        """Both, the native one last, as the router has it."""
        return (self.token_b, NATIVE) if self.token_a == NATIVE else (self.token_a, self.token_b)

    @property
    def is_native(self) -> bool:
        """Whether native coin is one of them."""
        return self.coins[1] == NATIVE


class AddParams(_Terms):
    """At most so much of both, in base units; what the pool's price does not need stays."""

    amount_a: ParamAmount
    amount_b: ParamAmount

    @property
    def amounts(self) -> Two:
        """In the order of the coins."""
        both = (self.amount_a, self.amount_b)
        return both[::-1] if self.token_a == NATIVE else both


class RemoveParams(_Terms):
    """So many base units of the pool's shares."""

    liquidity: ParamAmount


class AddLiquidity(Action):
    """Put two coins into a pool."""

    slug = "add-liquidity"
    title = "Add liquidity"
    brings = ()
    Params = AddParams
    permissions = (APPROVE, Permission.allowance(ROUTER), *ADDING)

    def plan(self, ctx: Context, params: AddParams) -> Plan:
        """The deposit at the pool's price, after an exact allowance of each token."""
        router = ctx.deployment(ROUTER)
        amounts = find_pair(ctx, *params.coins).fitting(*params.amounts)
        if not all(amounts):
            raise PlanError(f"{params.amounts} is too little of one of them for the pool's price")
        paid = tuple(zip(params.coins, amounts, strict=True))
        approvals = [call for coin in paid for call in plan_payment(ctx, *coin, router)]
        names = [name for coin in params.coins for name in payment_relies_on(coin, router)]
        shown = " and ".join(f"{amount} of {coin}" for coin, amount in paid)
        return Plan(
            (*approvals, _add_call(ctx, params, amounts)),
            f"add {shown}, at most {params.slippage_bps} bps less of either",
            relies_on=tuple(names),
        )

    def settle(self, ctx: Context, params: AddParams, receipt: CallReceipt) -> Settlement:
        """Both coins out, the pool's shares in; coin the router gave back leaves no log."""
        given_back = unused_value(receipt, _coin_added(receipt, ctx.wallet))
        return Settlement((*read_movements(receipt, ctx.wallet), *given_back))


class RemoveLiquidity(Action):
    """Take two coins out of a pool for its shares."""

    slug = "remove-liquidity"
    title = "Remove liquidity"
    reduces = True
    stays_inside = False
    brings = ()
    Params = RemoveParams
    permissions = (APPROVE, Permission.allowance(ROUTER), *REMOVING)

    def plan(self, ctx: Context, params: RemoveParams) -> Plan:
        """The withdrawal, after an exact allowance of the shares."""
        router = ctx.deployment(ROUTER)
        pair = find_pair(ctx, *params.coins)
        approvals = plan_payment(ctx, pair.address, params.liquidity, router)
        outs = pair.behind(params.liquidity)
        if not all(outs):
            raise PlanError(f"{params.liquidity} shares of the pool are too few to bring anything")
        call = _remove_call(ctx, params, outs)
        return Plan(
            (*approvals, call),
            f"take out about {outs[0]} of {params.coins[0]} and {outs[1]} of {params.coins[1]}",
            relies_on=payment_relies_on(pair.address, router),
        )

    def settle(self, ctx: Context, params: RemoveParams, receipt: CallReceipt) -> Settlement:
        """Tokens by their logs, native coin by what the router unwrapped."""
        router = receipt.call.to
        coin = _coin_removed(receipt)
        found = read_movements(receipt, ctx.wallet, wrapped=coin, unwrapped_by=router)
        return Settlement(found)


def _add_call(ctx: Context, params: AddParams, amounts: Two) -> Call:
    least = (minimum_out(amount, params.slippage_bps) for amount in amounts)
    until = deadline_of(ctx, params.deadline_seconds)
    ending = (*least, ctx.wallet, int(until.timestamp()))
    token, other = params.coins
    start: tuple[object, ...] = (token, other, *amounts)
    if params.is_native:
        start = (token, amounts[0])
    return Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI).call(
        "add liquidity",
        "addLiquidityETH" if params.is_native else "addLiquidity",
        *(*start, *ending),
        value=amounts[1] if params.is_native else 0,
        valid_until=until,
    )


def _remove_call(ctx: Context, params: RemoveParams, outs: Two) -> Call:
    until = deadline_of(ctx, params.deadline_seconds)
    tokens = params.coins[:1] if params.is_native else params.coins
    least = (minimum_out(amount, params.slippage_bps) for amount in outs)
    return Contract(ctx, ctx.deployment(ROUTER), ROUTER_ABI).call(
        "remove liquidity",
        "removeLiquidityETH" if params.is_native else "removeLiquidity",
        *(*tokens, params.liquidity, *least, ctx.wallet, int(until.timestamp())),
        valid_until=until,
        expectations=Expectations(quoted_outs=outs, slippage_bps=params.slippage_bps),
    )


def _coin_added(receipt: CallReceipt, wallet: ChecksumAddress) -> ChecksumAddress | None:
    """What the router itself paid to the pool that gave shares: the coin it had just wrapped."""
    transfers = read_transfers(receipt.logs)
    pools = {one.token for one in transfers if (one.source, one.target) == (ZERO_ADDRESS, wallet)}
    router = receipt.call.to
    return next((t.token for t in transfers if t.source == router and t.target in pools), None)


def _coin_removed(receipt: CallReceipt) -> ChecksumAddress | None:
    """What the router got from the pool beside the token of the call: the wrapped coin."""
    decoded = REMOVE_NATIVE.decode_call(receipt.call.data)
    if decoded is None:
        return None
    got = (one.token for one in read_transfers(receipt.logs) if one.target == receipt.call.to)
    return next((token for token in got if token != decoded.arguments["token"]), None)
