"""zkSync Era's own bridge."""

from collections.abc import Iterator, Sequence

from protocols.actions import Adapter, Context, no_positions
from protocols.contracts import Contract
from protocols.zksync.contracts import BRIDGEHUB, MAILBOX, MAILBOX_ABI, bridgehub
from protocols.zksync.depositing import Deposit, DepositToken
from protocols.zksync.withdrawing import Withdraw, WithdrawToken


def health(ctx: Context) -> Sequence[str]:
    """Whether the hub on L1 is paused or the chain frozen there; nobody can pause the other side."""
    return tuple(_closed(ctx))


def _closed(ctx: Context) -> Iterator[str]:
    if BRIDGEHUB in ctx.deployments and bridgehub(ctx).read("paused"):
        yield f"the bridge is paused: {ctx.deployment(BRIDGEHUB)} takes no deposits"
    if MAILBOX in ctx.deployments:
        chain = Contract(ctx, ctx.deployment(MAILBOX), MAILBOX_ABI)
        if chain.read("isDiamondStorageFrozen"):
            yield f"the chain is frozen on L1: {chain.address} takes no deposits"


# What is under way between the chains is known from the runs that wait for it.
ADAPTER = Adapter.of(
    "zksync",
    "zkSync Era bridge",
    [Deposit(), DepositToken(), Withdraw(), WithdrawToken()],
    package="protocols.zksync",
    positions=no_positions,
    health=health,
)
