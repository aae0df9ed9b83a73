"""What can be done with LayerBank: supply, redeem, use as collateral, borrow, repay."""

from typing import Any

from protocols.actions import (
    Action,
    CallReceipt,
    Context,
    Permission,
    Plan,
    PlanError,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.tokens import APPROVE, token_at
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
from wallets.transactions.arguments import PaidTo, Registered, Unchecked

_TAKEN = "a market takes no more than the exact allowance of its coin, or the call's value"
_GIVEN = "it comes in, to the sender; the market knows what it may have"
_NATIVE_DECIMALS = 18


def _permission(name: str, *, paid_in: bool = False) -> Permission:
    """A call of Core with a registered market and an amount, to and from the sender only."""
    amount = Unchecked(path=(1,), reason=_TAKEN if paid_in else _GIVEN)
    checks = (Registered(path=(0,)), *((PaidTo(path=(0,), amount=(1,)),) if paid_in else ()))
    return Permission(CORE, CORE_ABI.function(name).signature, (*checks, amount), payable=paid_in)


class MarketParams(ActionParams):
    """`amount` of a coin in base units."""

    token: TokenRef
    amount: Amount


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
    permissions = (APPROVE, *MARKETS, _permission("supply", paid_in=True))

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
    permissions = (*MARKETS, _permission("redeemUnderlying"))

    def plan(self, ctx: Context, params: MarketParams) -> Plan:
        """One redeemUnderlying of what is there."""
        market = market_of(ctx, params.token)
        _require(market, "underlyingBalanceOf", params.amount)
        call = core(ctx).call("redeem", "redeemUnderlying", market.address, params.amount)
        return Plan((call,), f"redeem {params.amount} of {params.token} from LayerBank")


class RedeemShares(_CoreAction):
    """Give shares back for the coin they stand for."""

    slug = "redeem-token"
    title = "Redeem shares of LayerBank"
    permissions = (*MARKETS, _permission("redeemToken"))

    def plan(self, ctx: Context, params: MarketParams) -> Plan:
        """One redeemToken; `amount` counts the market's own shares."""
        market = market_of(ctx, params.token)
        _require(market, "balanceOf", params.amount)
        call = core(ctx).call("redeem shares", "redeemToken", market.address, params.amount)
        return Plan((call,), f"redeem {params.amount} shares of {params.token} of LayerBank")


class EnterMarket(_CoreAction):
    """Let what is supplied to a market stand for what is borrowed."""

    slug = "enter-market"
    title = "Use a supply to LayerBank as collateral"
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
    permissions = (*MARKETS, _permission("borrow"))

    class Params(MarketParams):
        """`most_bps`: the part of the collateral that may be owed after it."""

        most_bps: Bps = 5000

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One borrow, where what is owed stays well below what the collateral allows."""
        market = market_of(ctx, params.token)
        _require_collateral(ctx, market, params)
        call = core(ctx).call("borrow", "borrow", market.address, params.amount)
        return Plan((call,), f"borrow {params.amount} of {params.token} from LayerBank")


class Repay(_CoreAction):
    """Pay back what is owed, as much of it as there is."""

    slug = "repay"
    title = "Repay to LayerBank"
    permissions = (APPROVE, *MARKETS, _permission("repayBorrow", paid_in=True))

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


def _require_collateral(ctx: Context, market: Market, params: Borrow.Params) -> None:
    """PlanError where more would be owed than the part of the collateral that was asked for."""
    collateral, _, owed = core(ctx).read("accountLiquidityOf", ctx.wallet)
    prices = Contract(ctx, parse_address(core(ctx).read("priceCalculator")), PRICES_ABI)
    price: int = prices.read("getUnderlyingPrice", market.address)
    if not price:
        raise PlanError(f"LayerBank knows no price of {params.token}; nothing is borrowed")
    more = params.amount * 10 ** (_NATIVE_DECIMALS - _decimals(ctx, market)) * price // 10**18
    if (owed + more) * 10_000 > collateral * params.most_bps:
        raise PlanError(
            f"{(owed + more) / 10**18:.2f} USD would be owed against a collateral of "
            f"{collateral / 10**18:.2f} USD, more than {params.most_bps} bps of it; borrow less, "
            "supply more, or enter the market of what is supplied"
        )


def _decimals(ctx: Context, market: Market) -> int:
    if market.token == NATIVE:
        return _NATIVE_DECIMALS
    found: int = token_at(ctx, parse_address(market.token)).read("decimals")
    return found
