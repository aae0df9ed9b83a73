"""Scroll: its bridge to and from L1, and the claim of its own airdrop.

What is on its way over the bridge cannot be read from view calls: open runs know it.
"""

from collections.abc import Sequence

from protocols.actions import Adapter, Context, no_positions
from protocols.scroll.claim import ClaimScr
from protocols.scroll.deposits import Deposit
from protocols.scroll.retries import Relay, Replay
from protocols.scroll.sides import L1_MESSENGER, L2_MESSENGER, contract
from protocols.scroll.withdrawals import Withdraw


def health(ctx: Context) -> Sequence[str]:
    """Whether this side's messenger is paused: it neither sends nor relays then."""
    sides = [role for role in (L1_MESSENGER, L2_MESSENGER) if role in ctx.deployments]
    paused = [role for role in sides if contract(ctx, role).read("paused")]
    return tuple(f"Scroll's bridge is paused: {role} {ctx.deployment(role)}" for role in paused)


ADAPTER = Adapter.of(
    "scroll",
    "Scroll",
    [Deposit(), Replay(), Withdraw(), Relay(), ClaimScr()],
    package="protocols.scroll",
    positions=no_positions,
    health=health,
)
