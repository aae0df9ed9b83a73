"""Scroll: its bridge to and from L1, and the claim of its own airdrop.

What is on its way over the bridge cannot be read from view calls: open runs know it.
"""

from protocols.actions import Adapter, no_positions
from protocols.scroll.claim import ClaimScr
from protocols.scroll.deposits import Deposit
from protocols.scroll.retries import Relay, Replay
from protocols.scroll.withdrawals import Withdraw

ADAPTER = Adapter.of(
    "scroll",
    "Scroll",
    [Deposit(), Replay(), Withdraw(), Relay(), ClaimScr()],
    package="protocols.scroll",
    positions=no_positions,
)
