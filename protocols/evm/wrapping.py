"""Native coin to its ERC-20 form and back."""

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Movement,
    Permission,
    Plan,
    Settlement,
)
from protocols.codec import encode_call
from protocols.evm.logs import WETH_DEPOSIT, WETH_WITHDRAWAL, weth_events
from protocols.evm.transfers import require_balance
from protocols.params import ActionParams, Amount

WETH = "weth"


class WrapParams(ActionParams):
    """`amount` in wei."""

    amount: Amount


class Wrap(Action):
    """Native coin into WETH."""

    slug = "wrap"
    title = "Wrap native coin"
    Params = WrapParams
    permissions = (Permission(WETH, "deposit()"),)

    def plan(self, ctx: Context, params: WrapParams) -> Plan:
        """One deposit()."""
        weth = ctx.deployment(WETH)
        call = Call(label="wrap", to=weth, data=encode_call("deposit()"), value=params.amount)
        return Plan((call,), f"wrap {params.amount} wei")

    def settle(self, ctx: Context, params: WrapParams, receipt: CallReceipt) -> Settlement:
        """What WETH says was deposited."""
        weth = receipt.call.to
        amount = weth_events(receipt.logs, WETH_DEPOSIT, weth, ctx.wallet)
        return Settlement(
            (
                Movement("", "out", receipt.call.value, weth),
                Movement(weth, "in", amount, weth),
            )
        )


class Unwrap(Action):
    """WETH back into native coin."""

    slug = "unwrap"
    title = "Unwrap to native coin"
    Params = WrapParams
    permissions = (Permission(WETH, "withdraw(uint256)"),)

    def plan(self, ctx: Context, params: WrapParams) -> Plan:
        """One withdraw(amount)."""
        weth = ctx.deployment(WETH)
        require_balance(ctx, weth, params.amount)
        call = Call(label="unwrap", to=weth, data=encode_call("withdraw(uint256)", params.amount))
        return Plan((call,), f"unwrap {params.amount} wei")

    def settle(self, ctx: Context, params: WrapParams, receipt: CallReceipt) -> Settlement:
        """What WETH says was withdrawn."""
        weth = receipt.call.to
        amount = weth_events(receipt.logs, WETH_WITHDRAWAL, weth, ctx.wallet)
        return Settlement((Movement(weth, "out", amount, weth), Movement("", "in", amount, weth)))
