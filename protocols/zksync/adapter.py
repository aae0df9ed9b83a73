"""zkSync Era's own bridge."""

from collections.abc import Iterator, Sequence

from protocols.actions import Adapter, Context, no_positions
from protocols.contracts import Contract
from protocols.zksync.contracts import BRIDGEHUB, GETTERS_ABI, MAILBOX, PAUSABLE_ABI
from protocols.zksync.depositing import Deposit, DepositToken
from protocols.zksync.withdrawing import Withdraw, WithdrawToken


def health(ctx: Context) -> Sequence[str]:
    """Whether the hub on L1 is paused or the chain frozen there; L2 cannot be paused."""
    return tuple(_closed(ctx))


def _closed(ctx: Context) -> Iterator[str]:
    for address in ctx.deployments_in(BRIDGEHUB).values():
        if Contract(ctx, address, PAUSABLE_ABI).read("paused"):
            yield f"the bridge is paused: {address} takes no deposits"
    for address in ctx.deployments_in(MAILBOX).values():
        if Contract(ctx, address, GETTERS_ABI).read("isDiamondStorageFrozen"):
            yield f"the chain is frozen on L1: {address} takes no deposits"


# What is under way between the chains is known from the runs that wait for it.
ADAPTER = Adapter.of(
    "zksync",
    "zkSync Era bridge",
    [Deposit(), DepositToken(), Withdraw(), WithdrawToken()],
    package="protocols.zksync",
    positions=no_positions,
    health=health,
)
