"""The generic EVM protocol: what works the same on every chain."""

from protocols.actions import Adapter
from protocols.evm.liquidity import AddLiquidity, RemoveLiquidity
from protocols.evm.permit2 import ApprovePermit2
from protocols.evm.positions import positions
from protocols.evm.swaps import Swap
from protocols.evm.swaps_v3 import SwapV3
from protocols.evm.sweeping import Drain, DrainToken, Sweep
from protocols.evm.transfers import Approve, Transfer, TransferToken
from protocols.evm.vaults import VaultDeposit, VaultRedeem
from protocols.evm.wrapping import Unwrap, Wrap

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
)
