"""Emptying a wallet: all of its native coin less the fee, and tokens to a safe address."""

from protocols.actions import Action, Call, CallReceipt, Context, Plan, PlanError, Settlement
from protocols.evm.transfers import TransferToken, require_recipient
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, Amount, AmountOrZero, Urgency

# So long what was planned may wait for its signature; then balance and fee are read anew.
_FRESH_SECONDS = 120


class Sweep(Action):
    """Send all native coin that is there, less what the transfer may cost."""

    slug = "sweep"
    title = "Send all native coin"
    stays_inside = False
    brings = ()

    class Params(ActionParams):
        """`at_most` that goes, `keep` what a limit wants to remain, `dust` what is left lying."""

        to: Address
        at_most: Amount
        keep: AmountOrZero = 0
        dust: AmountOrZero = 0
        urgency: Urgency = "normal"

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One plain transfer of what is left when its highest fee is set aside."""
        require_recipient(ctx, params.to)
        balance = ctx.chain.balance(ctx.wallet)
        fee = ctx.chain.transfer_fee(ctx.wallet, params.to, params.urgency)
        amount = min(balance - fee - params.keep, params.at_most)
        if amount <= 0 or balance <= params.dust:
            raise PlanError(
                f"{ctx.wallet} has {balance} wei; the fee may be {fee} and {params.keep} are to "
                "remain: there is nothing to send"
            )
        call = Call(
            "send all native coin",
            params.to,
            value=amount,
            valid_until=ctx.later(_FRESH_SECONDS),
        )
        return Plan((call,), f"send {amount} wei, all but the fee, to {params.to}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """The value of the transaction left the wallet; the recipient's books are its own."""
        return Settlement(read_movements(receipt, ctx.wallet))


class Drain(Sweep):
    """The same, of a wallet in trouble; goes through a stop that spares the safe drain.

    To a listed safe address no gate is asked about it. To others it is a transfer like any: it
    reduces nothing.
    """

    slug = "drain"
    title = "Drain native coin"


class DrainToken(TransferToken):
    """A token of a wallet in trouble; goes through a stop that spares the safe drain."""

    slug = "drain-token"
    title = "Drain a token"
