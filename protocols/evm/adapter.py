"""The generic EVM protocol: what works the same on every chain."""

from collections.abc import Sequence

from protocols.actions import Adapter, Context
from protocols.evm.liquidity import AddLiquidity, RemoveLiquidity
from protocols.evm.permit2 import ApprovePermit2
from protocols.evm.positions import positions
from protocols.evm.swaps import Swap
from protocols.evm.swaps_v3 import SwapV3
from protocols.evm.sweeping import Drain, DrainToken, Sweep
from protocols.evm.transfers import Approve, Transfer, TransferToken
from protocols.evm.vaults import VaultDeposit, VaultRedeem, closed_vaults
from protocols.evm.wrapping import Unwrap, Wrap


def health(ctx: Context) -> Sequence[str]:
    """Nobody can pause Uniswap's contracts, WETH9 or Permit2; a vault may be closed."""
    return tuple(closed_vaults(ctx))


ADAPTER = Adapter.of(
    "evm",
    "Generic EVM",
    [
        Transfer(),
        TransferToken(),
        Sweep(),
        Drain(),
        DrainToken(),
        Approve(),
        ApprovePermit2(),
        Wrap(),
        Unwrap(),
        Swap(),
        SwapV3(),
        AddLiquidity(),
        RemoveLiquidity(),
        VaultDeposit(),
        VaultRedeem(),
    ],
    package="protocols.evm",
    positions=positions,
    health=health,
)
