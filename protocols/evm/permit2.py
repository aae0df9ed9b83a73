"""Allowances that Permit2 keeps: exact, for a registered spender, and soon over by themselves."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from protocols.abi import load_abi
from protocols.actions import (
    Action,
    CallReceipt,
    Context,
    Permission,
    Plan,
    PlanError,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.tokens import allowance, payment_relies_on, require_balance
from protocols.evm.transfers import require_limited, require_spender
from protocols.params import ActionParams, Address, Amount, Seconds
from wallets.transactions.arguments import AllowanceAmount, Deadline, RegisteredToken, Spender
from wallets.transactions.expectations import Expectations

PERMIT2 = "permit2"
ABI = load_abi("protocols.evm", "permit2")
APPROVE = ABI.function("approve")
LONGEST = 86_400
_MOST_OF_160_BITS = 2**160 - 1
APPROVING = Permission(
    PERMIT2,
    APPROVE.signature,
    (
        RegisteredToken(path=(0,)),
        Spender(path=(1,), amount=(2,)),
        AllowanceAmount(path=(2,), token=(0,)),
        Deadline(path=(3,), within=LONGEST),
    ),
)


class ApprovePermit2(Action):
    """Allow a registered contract to take so much of a token through Permit2, for a while."""

    slug = "approve-permit2"
    title = "Set an allowance through Permit2"
    stays_inside = False
    brings = ()
    permissions = (Permission.allowance(PERMIT2), APPROVING)

    class Params(ActionParams):
        """`amount` in the token's base units; after `expires_in` seconds nothing is taken."""

        token: Address
        spender: Address
        amount: Amount
        expires_in: Annotated[Seconds, Field(le=LONGEST)] = 3600

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One approve at Permit2, which itself was allowed the token before, on purpose."""
        permit2 = Contract(ctx, ctx.deployment(PERMIT2), ABI)
        _require_sense(ctx, params)
        _require_passed_on(ctx, params)
        until = ctx.now.replace(microsecond=0) + timedelta(seconds=params.expires_in)
        call = permit2.call(
            f"allow {params.amount} through Permit2",
            "approve",
            *(params.token, params.spender, params.amount, int(until.timestamp())),
            valid_until=until,
            expectations=Expectations(allowance=params.amount),
        )
        return Plan(
            (call,),
            f"allow {params.spender} {params.amount} of {params.token} until {until:%H:%M:%S} UTC",
            relies_on=payment_relies_on(params.token, permit2.address),
        )

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """An allowance moves nothing."""
        return Settlement()


def _require_sense(ctx: Context, params: ApprovePermit2.Params) -> None:
    require_spender(ctx, params.spender)
    if params.spender == ctx.deployment(PERMIT2):
        raise PlanError(f"{params.spender} is Permit2 itself; name who is to take the tokens")
    require_balance(ctx, params.token, params.amount)
    require_limited(ctx, params.token, params.amount)
    if params.amount >= _MOST_OF_160_BITS:
        raise PlanError(f"Permit2 keeps amounts below {_MOST_OF_160_BITS}; allow less")


def _require_passed_on(ctx: Context, params: ApprovePermit2.Params) -> None:
    """What Permit2 itself may take limits what anyone takes through it."""
    passed_on = allowance(ctx, params.token, ctx.deployment(PERMIT2))
    if passed_on < params.amount:
        raise PlanError(
            f"Permit2 itself may take {passed_on} of {params.token}; give it an allowance of "
            f"{params.amount} first, with the action approve"
        )
