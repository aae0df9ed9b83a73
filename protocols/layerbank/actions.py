"""What can be done with LayerBank: supply, redeem, use as collateral, borrow, repay."""

from datetime import timedelta
from typing import Any

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
from protocols.evm.tokens import approving, token_at
from protocols.layerbank.markets import (
    CORE,
    CORE_ABI,
    MARKETS,
    PRICES_ABI,
    Market,
    core,
    market_of,
    moved,
    pay_in,
    relies_on,
)
from protocols.params import NATIVE, ActionParams, Amount, Bps, TokenRef
from wallets.addresses import parse_address
from wallets.models import PolicyRule
from wallets.transactions.arguments import Owed, PaidTo, Registered, Unchecked
from wallets.transactions.demands import Check

_TAKEN = "a market takes no more than the exact allowance of its coin, or the call's value"
_GIVEN = "it comes in, to the sender; the market knows what it may have"
_NATIVE_DECIMALS = 18
# What prices were looked at for is signed so soon, or planned anew.
_FRESH = timedelta(minutes=10)
# Every market takes its token without the call naming it.
APPROVE = approving(PolicyRule.ALLOWANCE)
_PAID_IN = (PaidTo(path=(0,), amount=(1,)), Unchecked(path=(1,), reason=_TAKEN))
_COMING = Unchecked(path=(1,), reason=_GIVEN)


def _permission(name: str, *checks: Check, payable: bool = False) -> Permission:
    """A call of Core with a registered market and an amount, to and from the sender only."""
    signature = CORE_ABI.function(name).signature
    return Permission(CORE, signature, (Registered(path=(0,)), *checks), payable=payable)


class MarketParams(ActionParams):
    """`amount` of a coin in base units."""

    token: TokenRef
    amount: Amount


class SecuredParams(MarketParams):
    """`most_bps`: the part of the collateral that may be owed after it."""

    most_bps: Bps = 5000


class _CoreAction(Action):
    """What an action on a market moved, whichever it was."""

    Params = MarketParams

    def settle(self, ctx: Context, params: Any, receipt: CallReceipt) -> Settlement:
        """From the logs of tokens and of the market."""
        return Settlement(moved(ctx, receipt))


class Supply(_CoreAction):
    """Lend a coin to its market."""

    slug = "supply"
    title = "Supply to LayerBank"
    brings = ()
    permissions = (APPROVE, *MARKETS, _permission("supply", *_PAID_IN, payable=True))

    def plan(self, ctx: Context, params: MarketParams) -> Plan:
        """The supply, after an exact allowance for a token."""
        market = market_of(ctx, params.token)
        approvals, value = pay_in(ctx, market, params.amount)
        call = core(ctx).call("supply", "supply", market.address, params.amount, value=value)
        summary = f"supply {params.amount} of {params.token} to LayerBank"
        return Plan((*approvals, call), summary, relies_on=relies_on(market))


class Redeem(_CoreAction):
    """Take so much of a coin back."""

    slug = "redeem-underlying"
    title = "Redeem an amount from LayerBank"
    reduces = True
    stays_inside = False
    brings = ()
    Params = SecuredParams
    permissions = (*MARKETS, _permission("redeemUnderlying", _COMING))

    def plan(self, ctx: Context, params: SecuredParams) -> Plan:
        """One redeemUnderlying of what is there and no debt needs."""
        market = market_of(ctx, params.token)
        _require(market, "underlyingBalanceOf", params.amount)
        _require_secured(ctx, market, params.most_bps, less=params.amount)
        call = _soon(ctx, "redeem", "redeemUnderlying", market, params.amount)
        return Plan((call,), f"redeem {params.amount} of {params.token} from LayerBank")


class RedeemShares(_CoreAction):
    """Give shares back for the coin they stand for."""

    slug = "redeem-token"
    title = "Redeem shares of LayerBank"
    reduces = True
    stays_inside = False
    brings = ()
    Params = SecuredParams
    permissions = (*MARKETS, _permission("redeemToken", _COMING))

    def plan(self, ctx: Context, params: SecuredParams) -> Plan:
        """One redeemToken; `amount` counts the market's own shares."""
        market = market_of(ctx, params.token)
        _require(market, "balanceOf", params.amount)
        coins = market.read("underlyingBalanceOf") * params.amount
        less = -(-coins // market.read("balanceOf"))
        _require_secured(ctx, market, params.most_bps, less=less)
        call = _soon(ctx, "redeem shares", "redeemToken", market, params.amount)
        return Plan((call,), f"redeem {params.amount} shares of {params.token} of LayerBank")


class EnterMarket(_CoreAction):
    """Let what is supplied to a market stand for what is borrowed."""

    slug = "enter-market"
    title = "Use a supply to LayerBank as collateral"
    stays_inside = False
    brings = ()
    permissions = (
        *MARKETS,
        Permission(CORE, CORE_ABI.function("enterMarkets").signature, (Registered(path=(0, "*")),)),
    )

    class Params(ActionParams):
        """The coin of the market."""

        token: TokenRef

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One enterMarkets of one market."""
        market = market_of(ctx, params.token)
        if core(ctx).read("checkMembership", ctx.wallet, market.address):
            raise PlanError(f"{params.token} is collateral already; nothing is to be done")
        call = core(ctx).call("enter market", "enterMarkets", [market.address])
        return Plan((call,), f"use {params.token} at LayerBank as collateral")


class Borrow(_CoreAction):
    """Borrow a coin against what is supplied."""

    slug = "borrow"
    title = "Borrow from LayerBank"
    stays_inside = False
    brings = ("token",)
    Params = SecuredParams
    permissions = (*MARKETS, _permission("borrow", Owed(path=(1,), market=(0,))))

    def plan(self, ctx: Context, params: SecuredParams) -> Plan:
        """One borrow, where what is owed stays well below what the collateral allows."""
        market = market_of(ctx, params.token)
        _require_secured(ctx, market, params.most_bps, more=params.amount)
        call = _soon(ctx, "borrow", "borrow", market, params.amount)
        return Plan((call,), f"borrow {params.amount} of {params.token} from LayerBank")


class Repay(_CoreAction):
    """Pay back what is owed, as much of it as there is."""

    slug = "repay"
    title = "Repay to LayerBank"
    reduces = True
    stays_inside = False
    brings = ()
    permissions = (APPROVE, *MARKETS, _permission("repayBorrow", *_PAID_IN, payable=True))

    def plan(self, ctx: Context, params: MarketParams) -> Plan:
        """The repayment, after an exact allowance for a token; native coin above it comes back."""
        market = market_of(ctx, params.token)
        if not market.read("borrowBalanceOf"):
            raise PlanError(f"{ctx.wallet} owes LayerBank no {params.token}; nothing is to be done")
        approvals, value = pay_in(ctx, market, params.amount)
        call = core(ctx).call("repay", "repayBorrow", market.address, params.amount, value=value)
        summary = f"repay {params.amount} of {params.token} to LayerBank"
        return Plan((*approvals, call), summary, relies_on=relies_on(market))


def _require(market: Market, name: str, amount: int) -> None:
    """PlanError where the wallet has less there."""
    found = market.read(name)
    if found < amount:
        raise PlanError(
            f"{market.contract.ctx.wallet} has {found} at LayerBank's market {market.address}, "
            f"{amount} are asked for; lower the amount"
        )


def _soon(ctx: Context, label: str, name: str, market: Market, amount: int) -> Call:
    """A call of Core that is not signed once prices may be others."""
    until = ctx.now + _FRESH
    return core(ctx).call(label, name, market.address, amount, valid_until=until)


def _require_secured(
    ctx: Context, market: Market, most_bps: int, *, more: int = 0, less: int = 0
) -> None:
    """PlanError where too large a part of the collateral would be owed.

    `more` base units of the market's coin are owed then, and `less` of them secure it. They are
    taken off in full, though LayerBank counts a part of what is supplied: rather too much.
    """
    collateral, _, owed = core(ctx).read("accountLiquidityOf", ctx.wallet)
    if less and owed and core(ctx).read("checkMembership", ctx.wallet, market.address):
        collateral -= _worth(ctx, market, less)
    owed += _worth(ctx, market, more) if more else 0
    if owed * 10_000 > collateral * most_bps:
        raise PlanError(
            f"{owed / 10**18:.2f} USD would be owed against a collateral of "
            f"{max(collateral, 0) / 10**18:.2f} USD, more than {most_bps} bps of it; take less, "
            "repay or supply more, or enter the market of what is supplied"
        )


def _worth(ctx: Context, market: Market, amount: int) -> int:
    """In USD with 18 decimals, rounded up."""
    prices = Contract(ctx, parse_address(core(ctx).read("priceCalculator")), PRICES_ABI)
    price: int = prices.read("getUnderlyingPrice", market.address)
    if not price:
        raise PlanError(f"LayerBank knows no price of {market.token}; nothing is planned")
    return -(-amount * price // int(10 ** _decimals(ctx, market)))


def _decimals(ctx: Context, market: Market) -> int:
    if market.token == NATIVE:
        return _NATIVE_DECIMALS
    found: int = token_at(ctx, parse_address(market.token)).read("decimals")
    return found
