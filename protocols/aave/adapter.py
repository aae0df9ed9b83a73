"""Aave V3: what can be done in its markets, and what a wallet has and owes there."""

from collections.abc import Iterator, Sequence

from protocols.aave.health import Account
from protocols.aave.lending import Borrow, Repay, Supply, Withdraw
from protocols.aave.market import POOL, Market
from protocols.actions import Adapter, Context, Exit, Position


def positions(ctx: Context) -> Sequence[Position]:
    """What is supplied and borrowed, per reserve of every registered market."""
    return tuple(
        position for name, market in _markets(ctx) for position in _in_market(market, name)
    )


def health_factor(ctx: Context) -> int | None:
    """The lowest of all registered markets."""
    factors = (Account.of(market).ten_thousandths for _, market in _markets(ctx))
    return min((one for one in factors if one is not None), default=None)


def _markets(ctx: Context) -> Iterator[tuple[str, Market]]:
    for role in ctx.deployments_in(POOL):
        name = role.removeprefix(POOL).removeprefix("-")
        yield name, Market.of(ctx, name)


def _in_market(market: Market, name: str) -> Iterator[Position]:
    for asset in market.assets():
        held = market.holding(asset)
        if held.supplied:
            what = f"{held.supplied} of {asset} supplied to Aave"
            out = Exit(Withdraw.slug, {"asset": asset, "amount": "all", "market": name})
            yield Position(what, "supplied", asset, held.supplied, out)
        if held.borrowed:
            what = f"{held.borrowed} of {asset} borrowed from Aave"
            yield Position(what, "borrowed", asset, held.borrowed)


def health(ctx: Context) -> Sequence[str]:
    """Which reserves its owners have paused, and which they have frozen."""
    return tuple(sentence for _, market in _markets(ctx) for sentence in _closed(market))


def _closed(market: Market) -> Iterator[str]:
    paused, frozen = market.closed()
    place = f"the market at {market.pool.address} has"
    if paused:
        yield f"{place} paused {', '.join(paused)}"
    if frozen:
        yield f"{place} frozen {', '.join(frozen)}: to be withdrawn and repaid only"


ADAPTER = Adapter.of(
    "aave",
    "Aave V3",
    [Supply(), Withdraw(), Borrow(), Repay()],
    package="protocols.aave",
    positions=positions,
    health_factor=health_factor,
    health=health,
)
