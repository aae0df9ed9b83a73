"""The generic EVM protocol: what works the same on every chain."""

from protocols.actions import Adapter
from protocols.evm.swaps import Swap
from protocols.evm.transfers import Approve, Transfer, TransferToken
from protocols.evm.wrapping import Unwrap, Wrap

ADAPTER = Adapter.of(
    "evm",
    "Generic EVM",
    [Transfer(), TransferToken(), Approve(), Wrap(), Unwrap(), Swap()],
    package="protocols.evm",
)
