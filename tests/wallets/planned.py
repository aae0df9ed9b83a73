"""Calls as adapters plan them for real contracts, queued as transactions, and forged ones."""

from dataclasses import replace
from typing import Any

from protocols.actions import Call
from protocols.codec import Function
from tests.protocols.operators import Operator
from wallets.models import Transaction, Wallet
from wallets.services import Intent, submit_transaction


def planned(operator: Operator, action: str, *, protocol: str = "evm", **params: Any) -> list[Call]:
    """The calls of the action's plan."""
    steps = operator.plan(action, protocol=protocol, **params).steps
    return [step for step in steps if isinstance(step, Call)]


def queue(operator: Operator, action: str, call: Call, *, protocol: str = "evm") -> Transaction:
    """The call as a queued transaction of the operator's wallet."""
    number = Transaction.objects.count()
    intent = Intent(
        wallet=Wallet.objects.get(address=operator.address),
        network=operator.network,
        idempotency_key=f"planned:{number}",
        origin="test",
        protocol=protocol,
        action=action,
        to=call.to,
        value=call.value,
        data=call.data,
        expectations=call.expectations,
    )
    return submit_transaction(intent=intent, actor="test")


def with_arguments(call: Call, function: Function, **changes: Any) -> Call:
    """The same call with other arguments, by name."""
    decoded = function.decode_call(call.data)
    assert decoded is not None
    return replace(call, data=function.encode(*{**decoded.arguments, **changes}.values()))
