"""Crossings that a person takes up again: from the hash of the transaction that began them."""

from typing import Any

from protocols.actions import Context, Plan, PlanError, Progress
from protocols.params import ActionParams, Gas, Hash32
from protocols.scroll.deposits import (
    ARRIVAL,
    DEPOSIT_PERMISSIONS,
    NEW_TOKEN_GAS,
    Deposit,
    arrival,
    is_relayed,
    replay_call,
)
from protocols.scroll.messages import BridgeMessage, message_sent_in
from protocols.scroll.sides import L1_MESSENGER, L2_MESSENGER, l1_side
from protocols.scroll.withdrawals import (
    WITHDRAW_PERMISSIONS,
    Withdraw,
    finalisation,
    is_paid_out,
)


class ReplayParams(ActionParams):
    """The deposit's transaction on L1, and the gas its message gets on Scroll, 0 for enough."""

    tx_hash: Hash32
    gas_limit: Gas = 0


class Replay(Deposit):
    """Have a deposit's message done once more on Scroll, where it failed or ran out of gas."""

    slug = "replay"
    title = "Replay a deposit to Scroll"
    reduces = True
    Params = ReplayParams
    permissions = DEPOSIT_PERMISSIONS[-1:]

    def plan(self, ctx: Context, params: Any) -> Plan:
        """One replay, where Scroll has not done the message yet; then its arrival."""
        message = self.message(ctx, params, Progress())
        if is_relayed(ctx, message):
            raise PlanError(f"message 0x{message.hash.hex()} has arrived; nothing is to be done")
        replay = replay_call(ctx, message, params.gas_limit or NEW_TOKEN_GAS)
        return Plan((replay, arrival(ctx)), f"replay message 0x{message.hash.hex()}")

    def go_on(self, ctx: Context, params: Any, progress: Progress) -> Plan:
        """Nothing after an arrival; a failure asks the person again."""
        found = progress.found(ARRIVAL)
        if found is not None and found["outcome"] == "failed":
            raise PlanError(
                f"message {found['message']} failed on Scroll again ({found['tx_hash']}); find out "
                "why before it is replayed once more"
            )
        return Plan(())

    def message(self, ctx: Context, params: Any, progress: Progress) -> BridgeMessage:
        """That of the deposit."""
        return message_sent_in(ctx, ctx.deployment(L1_MESSENGER), f"0x{params.tx_hash.hex()}")


class RelayParams(ActionParams):
    """The withdrawal's transaction on Scroll."""

    tx_hash: Hash32


class Relay(Withdraw):
    """Pay out on L1 what a withdrawal burned on Scroll, once its batch is finalised."""

    slug = "relay"
    title = "Finish a withdrawal from Scroll"
    reduces = True
    Params = RelayParams
    permissions = WITHDRAW_PERMISSIONS[-1:]

    def plan(self, ctx: Context, params: Any) -> Plan:
        """The wait for the batch; the relay comes after."""
        message = self.message(ctx, params, Progress())
        if is_paid_out(l1_side(ctx), message):
            raise PlanError(f"message 0x{message.hash.hex()} is paid out; nothing is to be done")
        return Plan((finalisation(ctx),), f"relay message 0x{message.hash.hex()}")

    def message(self, ctx: Context, params: Any, progress: Progress) -> BridgeMessage:
        """That of the withdrawal."""
        return message_sent_in(ctx, ctx.deployment(L2_MESSENGER), f"0x{params.tx_hash.hex()}")
