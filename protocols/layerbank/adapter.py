"""LayerBank, a lending protocol of Scroll."""

from collections.abc import Sequence

from protocols.actions import Adapter, Context
from protocols.layerbank.actions import Borrow, EnterMarket, Redeem, RedeemShares, Repay, Supply
from protocols.layerbank.markets import CORE, core, health_factor, positions


def health(ctx: Context) -> Sequence[str]:
    """Whether its owners have paused all of it: everything but entering a market reverts then."""
    if CORE in ctx.deployments and core(ctx).read("paused"):
        return (
            f"LayerBank is paused: {ctx.deployment(CORE)} refuses supplies, loans and payments",
        )
    return ()


ADAPTER = Adapter.of(
    "layerbank",
    "LayerBank",
    [Supply(), Redeem(), RedeemShares(), EnterMarket(), Borrow(), Repay()],
    package="protocols.layerbank",
    positions=positions,
    health_factor=health_factor,
    health=health,
)
