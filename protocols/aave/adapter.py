"""Aave V3: what can be done in its markets, and what a wallet has and owes there."""

from collections.abc import Iterator, Sequence

from protocols.aave.health import Account
from protocols.aave.lending import Borrow, Repay, Supply, Withdraw
from protocols.aave.market import POOL, Market
from protocols.actions import Adapter, Context, Exit, Position


def positions(ctx: Context) -> Sequence[Position]:
    """What is supplied and borrowed, per reserve of every registered market."""
    return tuple(
        position for name in _names(ctx) for position in _in_market(Market.of(ctx, name), name)
    )


def health_factor(ctx: Context) -> int | None:
    """The lowest of all registered markets."""
    factors = (Account.of(Market.of(ctx, name)).ten_thousandths for name in _names(ctx))
    return min((one for one in factors if one is not None), default=None)


def _names(ctx: Context) -> Iterator[str]:
    """How the roles of each registered market end."""
    for role in ctx.deployments_in(POOL):
        yield role.removeprefix(POOL).removeprefix("-")


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


ADAPTER = Adapter.of(
    "aave",
    "Aave V3",
    [Supply(), Withdraw(), Borrow(), Repay()],
    package="protocols.aave",
    positions=positions,
    health_factor=health_factor,
)
