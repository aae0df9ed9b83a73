"""Sending native coin and tokens to own wallets, and exact allowances."""

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Movement,
    Plan,
    PlanError,
    Settlement,
)
from protocols.codec import encode_call, read
from protocols.evm.logs import token_movements
from protocols.params import ActionParams, Address, Amount, AmountOrZero


class Transfer(Action):
    """Send native coin to another wallet of ours."""

    slug = "transfer"
    title = "Send native coin"

    class Params(ActionParams):
        """`amount` in wei."""

        to: Address
        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One plain transfer."""
        require_recipient(ctx, params.to)
        call = Call(label="send native coin", to=params.to, value=params.amount)
        return Plan((call,), f"send {params.amount} wei to {params.to}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """The value of the transaction left the wallet."""
        call = receipt.call
        return Settlement((Movement("", "out", call.value, call.to),))


class TransferToken(Action):
    """Send an ERC-20 token to another wallet of ours."""

    slug = "transfer-token"
    title = "Send a token"

    class Params(ActionParams):
        """`amount` in the token's base units."""

        token: Address
        to: Address
        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One transfer(address,uint256)."""
        require_recipient(ctx, params.to)
        require_balance(ctx, params.token, params.amount)
        data = encode_call("transfer(address,uint256)", params.to, params.amount)
        return Plan(
            (Call(label="send token", to=params.token, data=data),),
            f"send {params.amount} of {params.token} to {params.to}",
        )

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """The transfers in the logs."""
        return Settlement(tuple(token_movements(ctx.wallet, receipt.logs)))


class Approve(Action):
    """Allow a registered contract to take exactly this much of a token; zero revokes."""

    slug = "approve"
    title = "Set an allowance"

    class Params(ActionParams):
        """`amount` in the token's base units."""

        token: Address
        spender: Address
        amount: AmountOrZero

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One approve, or zero first where an older allowance stands."""
        if params.spender not in ctx.deployments.values():
            raise PlanError(f"{params.spender} is no enabled deployment; register it first")
        calls = approve_calls(ctx, params.token, params.spender, params.amount)
        if not calls:
            raise PlanError(f"the allowance of {params.spender} is {params.amount} already")
        return Plan(calls, f"allow {params.spender} {params.amount} of {params.token}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """An allowance moves nothing."""
        return Settlement(tuple(token_movements(ctx.wallet, receipt.logs)))


def approve_calls(ctx: Context, token: Address, spender: Address, amount: int) -> tuple[Call, ...]:
    """What brings the allowance to exactly `amount`: nothing, one call, or two."""
    signature = "allowance(address,address)"
    (current,) = read(ctx, token, signature, ["uint256"], ctx.wallet, spender)
    if current == amount:
        return ()
    # USDT and its like refuse to change an allowance that is not zero.
    amounts = [0, amount] if current and amount else [amount]
    return tuple(
        Call(
            label=f"allow {value}",
            to=token,
            data=encode_call("approve(address,uint256)", spender, value),
        )
        for value in amounts
    )


def require_recipient(ctx: Context, to: Address) -> None:
    """Refuse a recipient that is no wallet of ours."""
    if to not in ctx.recipients:
        raise PlanError(f"{to} is not a wallet of this installation; add it first")
    if to == ctx.wallet:
        raise PlanError("sender and recipient are the same wallet")


def require_balance(ctx: Context, token: Address, amount: int) -> None:
    """Refuse what the wallet does not have."""
    (balance,) = read(ctx, token, "balanceOf(address)", ["uint256"], ctx.wallet)
    if balance < amount:
        raise PlanError(f"the wallet has {balance} of {token}, {amount} is needed")
