"""zkSync Era's own bridge."""

from protocols.actions import Adapter, no_positions
from protocols.zksync.depositing import Deposit, DepositToken
from protocols.zksync.withdrawing import Withdraw, WithdrawToken

# What is under way between the chains is known from the runs that wait for it.
ADAPTER = Adapter.of(
    "zksync",
    "zkSync Era bridge",
    [Deposit(), DepositToken(), Withdraw(), WithdrawToken()],
    package="protocols.zksync",
    positions=no_positions,
)
