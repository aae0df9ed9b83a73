"""Any function of a registered contract, once a second person has approved the very bytes."""

from typing import Annotated, Any

from eth_typing import ChecksumAddress
from pydantic import AfterValidator, Field

from protocols.actions import (
    Action,
    Adapter,
    Call,
    CallReceipt,
    Context,
    Plan,
    PlanError,
    Settlement,
)
from protocols.calls.encoding import CallError, encode_call, read_function
from protocols.evm.tokens import require_native
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, AmountOrZero

PROTOCOL, ACTION = "calls", "contract-call"
# Its contracts are called contract-name.
CONTRACT = "contract"


class ContractCall(Action):
    """Exactly the call that was approved; its rules are written with the approvals."""

    slug = ACTION
    title = "Call a contract"

    class Params(ActionParams):
        """`arguments` as JSON: numbers in digits, bytes as 0x hex, lists for arrays and tuples."""

        address: Address
        function: Annotated[str, Field(max_length=500), AfterValidator(read_function)]
        arguments: tuple[Any, ...] = ()
        value: AmountOrZero = 0

    def plan(self, ctx: Context, params: Params) -> Plan:
        """That one call."""
        require_contract(ctx, params.address)
        require_native(ctx, params.value)
        try:
            data = encode_call(params.function, params.arguments)
        except CallError as error:
            raise PlanError(str(error)) from None
        label = f"call {params.function.partition('(')[0]}"
        call = Call(label, params.address, data, params.value)
        return Plan((call,), f"{label} at {params.address} with {params.value} wei")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """Tokens by their logs and the value; native coin that came back left no log."""
        return Settlement(read_movements(receipt, ctx.wallet))


def require_contract(ctx: Context, address: ChecksumAddress) -> None:
    """Refuse what nobody registered."""
    if address not in ctx.deployments_in(CONTRACT).values():
        raise PlanError(
            f"{address} is no enabled contract on chain {ctx.chain_id}; register it as "
            f"{CONTRACT}-name and verify it first"
        )


ADAPTER = Adapter.of(PROTOCOL, "Approved calls", [ContractCall()], package="protocols.calls")
