"""LayerBank's markets: one of the native coin, one of each token, all behind one Core."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import (
    Call,
    CallReceipt,
    Context,
    Exit,
    Log,
    Movement,
    Permission,
    PlanError,
    Position,
)
from protocols.contracts import Contract
from protocols.evm.tokens import allowance, plan_allowance, require_balance, require_native
from protocols.movements import read_movements, read_transfers
from protocols.params import NATIVE
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.transactions.allowances import allowance_name

CORE = "layerbank_core"
# Apart, so that the policy lets native coin go to the one and allowances to the others only.
NATIVE_MARKET, MARKET = "layerbank_native_market", "layerbank_market"
CORE_ABI = load_abi("protocols.layerbank", "core")
MARKET_ABI = load_abi("protocols.layerbank", "market")
PRICES_ABI = load_abi("protocols.layerbank", "price_calculator")

MARKETS = (
    Permission.named(NATIVE_MARKET),
    Permission.named(MARKET),
    Permission.allowance(MARKET),
)


@dataclass(frozen=True, slots=True)
class Market:
    """A market and its coin."""

    contract: Contract
    token: str

    @property
    def address(self) -> ChecksumAddress:
        """Where it is."""
        return self.contract.address

    def read(self, name: str) -> int:
        """What a view function says of the wallet."""
        found: int = self.contract.read(name, self.contract.ctx.wallet)
        return found


def core(ctx: Context) -> Contract:
    """The contract all calls go to."""
    return Contract(ctx, ctx.deployment(CORE), CORE_ABI)


def market_of(ctx: Context, token: str) -> Market:
    """The enabled market of a coin; PlanError where there is none, or where it is of another."""
    for market in enabled_markets(ctx):
        if market.token == token:
            return market
    role = NATIVE_MARKET if token == NATIVE else f"{MARKET}-name"
    raise PlanError(
        f"LayerBank has no enabled market of {token} on chain {ctx.chain_id}; register it as "
        f"{role} and verify it first"
    )


def enabled_markets(ctx: Context) -> Iterator[Market]:
    """Those that are registered as what they are: the native coin's apart from the others."""
    for role in (NATIVE_MARKET, MARKET):
        for _, address in sorted(ctx.deployments_in(role).items()):
            contract = Contract(ctx, address, MARKET_ABI)
            token = _coin(contract)
            if (token == NATIVE) == (role == NATIVE_MARKET):
                yield Market(contract, token)


def _coin(market: Contract) -> str:
    underlying = parse_address(market.read("underlying"))
    return NATIVE if underlying == ZERO_ADDRESS else underlying


def pay_in(ctx: Context, market: Market, amount: int) -> tuple[tuple[Call, ...], int]:
    """The approvals before a call that pays in, and the native coin that goes with it."""
    if market.token == NATIVE:
        require_native(ctx, amount)
        return (), amount
    token = parse_address(market.token)
    require_balance(ctx, token, amount)
    if allowance(ctx, token, market.address) >= amount:
        return (), 0
    return plan_allowance(ctx, token, market.address, amount), 0


def relies_on(market: Market) -> tuple[str, ...]:
    """The allowance that a call that pays in finds."""
    if market.token == NATIVE:
        return ()
    return (allowance_name(parse_address(market.token), market.address),)


def moved(ctx: Context, receipt: CallReceipt) -> tuple[Movement, ...]:
    """Tokens by their logs, native coin that came out by the market's own."""
    return (*read_movements(receipt, ctx.wallet), *_native_in(receipt, ctx.wallet))


def _native_in(receipt: CallReceipt, wallet: ChecksumAddress) -> Iterator[Movement]:
    """What a market paid to the wallet in native coin: redeemed, borrowed, or repaid too much."""
    decoded = CORE_ABI.decode_call(receipt.call.data)
    if decoded is None or "lToken" not in decoded.arguments:
        return
    market = parse_address(decoded.arguments["lToken"])
    # A token that was paid out has a log of its own.
    if any((one.source, one.target) == (market, wallet) for one in read_transfers(receipt.logs)):
        return
    for log in receipt.logs:
        if log.address == market and (amount := _paid_out(log, receipt.call.value)):
            yield Movement("", "in", amount, market)


def _paid_out(log: Log, value: int) -> int:
    """What the native coin's market paid out with this log, of a call with so much value."""
    if said := MARKET_ABI.event("Redeem").decode(log):
        return int(said["underlyingAmount"])
    if said := MARKET_ABI.event("Borrow").decode(log):
        return int(said["ammount"])
    said = MARKET_ABI.event("RepayBorrow").decode(log)
    return value - int(said["amount"]) if said and value else 0


def positions(ctx: Context) -> tuple[Position, ...]:
    """What the wallet supplied to each market, and what it owes there, with interest."""
    return tuple(one for market in enabled_markets(ctx) for one in _positions(market))


def health_factor(ctx: Context) -> int | None:
    """What secures the wallet's debts to all markets together, as Core itself counts it."""
    secured, _supplied, owed = core(ctx).read("accountLiquidityOf", ctx.wallet)
    return int(secured) * 10_000 // int(owed) if owed else None


def _positions(market: Market) -> Iterator[Position]:
    token: ChecksumAddress | Literal[""] = ""
    if market.token != NATIVE:
        token = parse_address(market.token)
    if supplied := market.read("underlyingBalanceOf"):
        # All shares: what they stand for grows until the call is mined.
        shares = str(market.read("balanceOf"))
        out = Exit("redeem-token", {"token": market.token, "amount": shares})
        what = f"supplied to LayerBank {market.address}"
        yield Position(what, "supplied", token, supplied, out)
    if owed := market.read("borrowBalanceOf"):
        yield Position(f"borrowed from LayerBank {market.address}", "borrowed", token, owed)
