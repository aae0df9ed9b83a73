"""Planned calls as JSON on a step, and back."""

from datetime import datetime
from typing import Any

from protocols.actions import Call
from wallets.addresses import parse_address
from wallets.transactions.expectations import Expectations


def call_to_json(call: Call) -> dict[str, Any]:
    """A call as it is kept on its step."""
    return {
        "label": call.label,
        "to": call.to,
        "data": "0x" + call.data.hex(),
        "value": str(call.value),
        "valid_until": call.valid_until.isoformat() if call.valid_until else None,
        "expectations": call.expectations.as_json(),
    }


def call_from_json(spec: dict[str, Any]) -> Call:
    """The call of a step."""
    until = spec["valid_until"]
    return Call(
        label=spec["label"],
        to=parse_address(spec["to"]),
        data=bytes.fromhex(spec["data"].removeprefix("0x")),
        value=int(spec["value"]),
        valid_until=datetime.fromisoformat(until) if until else None,
        expectations=Expectations.model_validate(spec["expectations"]),
    )
