"""Supplying to Aave V3, borrowing from it, and both back."""

from datetime import timedelta

from protocols.aave.health import after_borrowing, after_withdrawing
from protocols.aave.market import POOL, POOL_ABI, Market
from protocols.aave.terms import (
    AllParams,
    AmountParams,
    BorrowParams,
    LendingParams,
    WithdrawParams,
)
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
from protocols.evm.tokens import APPROVE, payment_relies_on, plan_payment
from protocols.movements import read_movements
from wallets.transactions.arguments import Amount, Constant, RegisteredToken, Sender, Unchecked
from wallets.transactions.demands import Check

# The only rate there is still.
VARIABLE = 2
NO_REFERRAL = 0
# What prices were looked at for is signed so soon, or planned anew.
_FRESH = timedelta(minutes=10)
# A debt grows until it is repaid: for all of it a little more is offered, and not taken.
_GROWTH_BPS = 10
SUPPLY, WITHDRAW, BORROW, REPAY = (
    POOL_ABI.function(name) for name in ("supply", "withdraw", "borrow", "repay")
)

_ASSET = RegisteredToken(path=(0,))
_COUNTED = Amount(path=(1,), token=(0,))


def _constant(place: int, value: int) -> Check:
    return Constant(path=(place,), value=str(value))


_OWN = Unchecked(path=(1,), reason="it brings to the sending wallet what that wallet supplied")
SUPPLYING = Permission(
    POOL, SUPPLY.signature, (_ASSET, _COUNTED, Sender(path=(2,)), _constant(3, NO_REFERRAL))
)
WITHDRAWING = Permission(POOL, WITHDRAW.signature, (_ASSET, _OWN, Sender(path=(2,))))
# What is borrowed is owed: the limits count it like what leaves.
BORROWING = Permission(
    POOL,
    BORROW.signature,
    (
        _ASSET,
        _COUNTED,
        _constant(2, VARIABLE),
        _constant(3, NO_REFERRAL),
        Sender(path=(4,)),
    ),
)
REPAYING = Permission(
    POOL, REPAY.signature, (_ASSET, _COUNTED, _constant(2, VARIABLE), Sender(path=(3,)))
)
PAYING = (APPROVE, Permission.allowance(POOL))


class _Lending(Action):
    """What the four have in common."""

    def settle(self, ctx: Context, params: LendingParams, receipt: CallReceipt) -> Settlement:
        """What moved of the asset itself; claims and debts grow by themselves, as positions."""
        moved = read_movements(receipt, ctx.wallet)
        # An approval moves nothing, and a pool moves no other asset of the wallet.
        return Settlement(tuple(one for one in moved if one.token == params.asset))


class Supply(_Lending):
    """Lend an asset to the market."""

    slug = "supply"
    title = "Supply to Aave"
    brings = ()
    Params = AmountParams
    permissions = (*PAYING, SUPPLYING)

    def plan(self, ctx: Context, params: AmountParams) -> Plan:
        """The supply, after an exact allowance."""
        market = Market.of(ctx, params.market)
        market.reserve(params.asset).require_growing()
        terms = (params.asset, params.amount, ctx.wallet, NO_REFERRAL)
        return _paying(market, params, params.amount, market.pool.call("supply", "supply", *terms))


class Withdraw(_Lending):
    """Take back what was supplied, with what it earned."""

    slug = "withdraw"
    title = "Withdraw from Aave"
    reduces = True
    stays_inside = False
    brings = ()
    Params = WithdrawParams
    permissions = (WITHDRAWING,)

    def plan(self, ctx: Context, params: WithdrawParams) -> Plan:
        """One withdraw, where the debt stays safe without it."""
        market = Market.of(ctx, params.market)
        reserve = market.reserve(params.asset)
        reserve.require_open()
        supplied = market.holding(params.asset).supplied
        amount = supplied if params.is_all else params.amount
        _require(
            amount, supplied, f"{ctx.wallet} has {supplied} base units of {params.asset} there"
        )
        after_withdrawing(market, reserve, amount).require(params.health_floor)
        terms = (params.asset, params.amount, ctx.wallet)
        until = ctx.now + _FRESH
        call = market.pool.call("withdraw", "withdraw", *terms, valid_until=until)
        return Plan((call,), f"withdraw {amount} of {params.asset}")


class Borrow(_Lending):
    """Borrow an asset on what was supplied, at the variable rate."""

    slug = "borrow"
    title = "Borrow from Aave"
    stays_inside = False
    brings = ("asset",)
    Params = BorrowParams
    permissions = (BORROWING,)

    def plan(self, ctx: Context, params: BorrowParams) -> Plan:
        """One borrow, where the debt stays safe with it."""
        market = Market.of(ctx, params.market)
        reserve = market.reserve(params.asset)
        reserve.require_growing()
        if not reserve.may_be_borrowed:
            raise PlanError(f"the market lends no {params.asset}; choose another asset")
        after = after_borrowing(market, reserve, params.amount)
        after.require(params.health_floor)
        terms = (params.asset, params.amount, VARIABLE, NO_REFERRAL, ctx.wallet)
        until = ctx.now + _FRESH
        call = market.pool.call("borrow", "borrow", *terms, valid_until=until)
        summary = f"borrow {params.amount} of {params.asset}, health factor then {after.health:.2f}"
        return Plan((call,), summary)


class Repay(_Lending):
    """Pay back what was borrowed at the variable rate."""

    slug = "repay"
    title = "Repay to Aave"
    reduces = True
    stays_inside = False
    brings = ()
    Params = AllParams
    permissions = (*PAYING, REPAYING)

    def plan(self, ctx: Context, params: AllParams) -> Plan:
        """The repayment, after an exact allowance; the pool takes no more than is owed."""
        market = Market.of(ctx, params.market)
        market.reserve(params.asset).require_open()
        owed = market.holding(params.asset).borrowed
        amount = _with_growth(owed) if params.is_all else params.amount
        most = _with_growth(owed)
        _require(amount, most, f"{ctx.wallet} owes {owed} base units of {params.asset} there")
        terms = (params.asset, amount, VARIABLE, ctx.wallet)
        return _paying(market, params, amount, market.pool.call("repay", "repay", *terms))


def _paying(market: Market, params: LendingParams, amount: int, call: Call) -> Plan:
    pool = market.pool.address
    approvals = plan_payment(market.ctx, params.asset, amount, pool)
    return Plan(
        (*approvals, call),
        f"{call.label} {amount} of {params.asset}",
        relies_on=payment_relies_on(params.asset, pool),
    )


def _with_growth(debt: int) -> int:
    return -(-debt * (10_000 + _GROWTH_BPS) // 10_000)


def _require(amount: int, most: int, said: str) -> None:
    """Refuse nothing, and more than there is."""
    if not 0 < amount <= most:
        raise PlanError(f"{said}, {amount} is asked for; choose an amount up to that")
