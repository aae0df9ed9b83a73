"""Native coin to its ERC-20 form and back."""

from protocols.abi import load_abi
from protocols.actions import (
    Action,
    CallReceipt,
    Context,
    Permission,
    Plan,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.tokens import require_balance, require_native
from protocols.movements import read_movements
from protocols.params import ActionParams, Amount
from wallets.transactions.arguments import Unchecked

WETH = "weth"
ABI = load_abi("protocols.evm", "weth")
OWN_COIN = Unchecked(path=(0,), reason="it pays out to the sending wallet what that wallet has")


class WrapParams(ActionParams):
    """`amount` in wei."""

    amount: Amount


class Wrap(Action):
    """Native coin into WETH."""

    slug = "wrap"
    title = "Wrap native coin"
    stays_inside = False
    brings = ()
    Params = WrapParams
    permissions = (Permission(WETH, ABI.function("deposit").signature, payable=True),)

    def plan(self, ctx: Context, params: WrapParams) -> Plan:
        """One deposit()."""
        require_native(ctx, params.amount)
        weth = Contract(ctx, ctx.deployment(WETH), ABI)
        call = weth.call("wrap", "deposit", value=params.amount)
        return Plan((call,), f"wrap {params.amount} wei")

    def settle(self, ctx: Context, params: WrapParams, receipt: CallReceipt) -> Settlement:
        """What WETH says it credited."""
        return Settlement(read_movements(receipt, ctx.wallet, wrapped=receipt.call.to))


class Unwrap(Action):
    """WETH back into native coin."""

    slug = "unwrap"
    title = "Unwrap to native coin"
    stays_inside = False
    brings = ()
    Params = WrapParams
    permissions = (Permission(WETH, ABI.function("withdraw").signature, (OWN_COIN,)),)

    def plan(self, ctx: Context, params: WrapParams) -> Plan:
        """One withdraw(amount)."""
        weth = Contract(ctx, ctx.deployment(WETH), ABI)
        require_balance(ctx, weth.address, params.amount)
        call = weth.call("unwrap", "withdraw", params.amount)
        return Plan((call,), f"unwrap {params.amount} wei")

    def settle(self, ctx: Context, params: WrapParams, receipt: CallReceipt) -> Settlement:
        """What WETH says it burned is what it paid out."""
        weth, wallet = receipt.call.to, ctx.wallet
        return Settlement(read_movements(receipt, wallet, wrapped=weth, unwrapped_by=wallet))
