"""LayerBank, a lending protocol of Scroll."""

from protocols.actions import Adapter
from protocols.layerbank.actions import Borrow, EnterMarket, Redeem, RedeemShares, Repay, Supply
from protocols.layerbank.markets import health_factor, positions

ADAPTER = Adapter.of(
    "layerbank",
    "LayerBank",
    [Supply(), Redeem(), RedeemShares(), EnterMarket(), Borrow(), Repay()],
    package="protocols.layerbank",
    positions=positions,
    health_factor=health_factor,
)
