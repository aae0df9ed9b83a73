"""Sending native coin and tokens to own wallets and confirmed others, and exact allowances."""

from eth_typing import ChecksumAddress

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Plan,
    PlanError,
    Settlement,
)
from protocols.evm.tokens import (
    APPROVE,
    TRANSFER,
    plan_allowance,
    require_balance,
    require_native,
    token_at,
)
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, Amount, AmountOrZero


class Transfer(Action):
    """Send native coin to another wallet of ours, or to a confirmed address."""

    slug = "transfer"
    title = "Send native coin"
    stays_inside = False
    brings = ()

    class Params(ActionParams):
        """`amount` in wei."""

        to: Address
        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One plain transfer."""
        require_recipient(ctx, params.to)
        require_native(ctx, params.amount)
        call = Call("send native coin", params.to, value=params.amount)
        return Plan((call,), f"send {params.amount} wei to {params.to}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """The value of the transaction left the wallet; the recipient's books are its own."""
        return Settlement(read_movements(receipt, ctx.wallet))


class TransferToken(Action):
    """Send an ERC-20 token to another wallet of ours, or to a confirmed address."""

    slug = "transfer-token"
    title = "Send a token"
    stays_inside = False
    brings = ()
    permissions = (TRANSFER,)

    class Params(ActionParams):
        """`amount` in the token's base units."""

        token: Address
        to: Address
        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One transfer(address,uint256)."""
        require_recipient(ctx, params.to)
        require_balance(ctx, params.token, params.amount)
        token = token_at(ctx, params.token)
        call = token.call("send token", "transfer", params.to, params.amount)
        _require_sent(ctx, call)
        return Plan((call,), f"send {params.amount} of {params.token} to {params.to}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """What the token logged, which a fee of its own may have made two transfers."""
        return Settlement(read_movements(receipt, ctx.wallet))


class Approve(Action):
    """Allow a registered contract to take exactly this much of a token; zero revokes."""

    slug = "approve"
    title = "Set an allowance"
    stays_inside = False
    brings = ()
    permissions = (APPROVE,)

    class Params(ActionParams):
        """`amount` in the token's base units."""

        token: Address
        spender: Address
        amount: AmountOrZero

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One approve, or zero first where an older allowance stands."""
        require_spender(ctx, params.spender)
        require_limited(ctx, params.token, params.amount)
        calls = plan_allowance(ctx, params.token, params.spender, params.amount)
        if not calls:
            raise PlanError(
                f"{params.spender} is allowed {params.amount} of {params.token} already; "
                "nothing is to be done"
            )
        return Plan(calls, f"allow {params.spender} {params.amount} of {params.token}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """An allowance moves nothing, unless the token says so."""
        return Settlement(read_movements(receipt, ctx.wallet))


def require_recipient(ctx: Context, to: ChecksumAddress) -> None:
    """Refuse who is no other wallet of ours and not confirmed in the address book."""
    if to not in ctx.recipients:
        raise PlanError(
            f"{to} is not a wallet of this installation and not confirmed in the address book; "
            "add it there first"
        )
    if to == ctx.wallet:
        raise PlanError(f"{to} would send to itself; choose another recipient")


def _require_sent(ctx: Context, call: Call) -> None:
    """Refuse a token that answers false where others revert: its transaction would succeed.

    Some answer nothing at all, and send.
    """
    answer = ctx.chain.call(call.to, call.data, sender=ctx.wallet)
    if answer and not any(answer):
        raise PlanError(
            f"{call.to} says that it would not be sent, without a reason; look at the token: it "
            "may be paused, or not take this recipient"
        )


def require_spender(ctx: Context, spender: ChecksumAddress) -> None:
    if spender not in ctx.deployments.values():
        raise PlanError(
            f"{spender} is no enabled deployment on chain {ctx.chain_id}; "
            "register and verify it first"
        )


def require_limited(ctx: Context, token: ChecksumAddress, amount: int) -> None:
    """Refuse an allowance above all there is of the token: it would be one without an end."""
    supply: int = token_at(ctx, token).read("totalSupply")
    if amount > supply:
        raise PlanError(
            f"an allowance of {amount} is more than all {supply} base units of {token}; "
            "allow what is to be spent"
        )
