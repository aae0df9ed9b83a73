"""Planned steps as JSON, and back."""

from datetime import datetime
from typing import Any, assert_never

from protocols.actions import Call, Message, PlannedStep, Wait
from scheduling.models import Step
from wallets.addresses import parse_address
from wallets.transactions.expectations import Expectations

type Spec = dict[str, Any]


def kind_of(step: PlannedStep) -> Step.Kind:
    """What kind of step it is."""
    match step:
        case Call():
            return Step.Kind.CALL
        case Wait():
            return Step.Kind.WAIT
        case Message():
            return Step.Kind.SIGNED_REQUEST
        case _:
            assert_never(step)


def step_to_json(step: PlannedStep) -> Spec:
    """A step as it is kept."""
    match step:
        case Call():
            return call_to_json(step)
        case Wait():
            return {
                "label": step.label,
                "condition": step.condition,
                "arguments": dict(step.arguments),
                "first_look": step.first_look,
                "at_most": step.at_most,
            }
        case Message():
            return {
                "label": step.label,
                "kind": step.kind,
                "payload": dict(step.payload),
                "chain_id": step.chain_id,
                "valid_until": _time_to_json(step.valid_until),
            }
        case _:
            assert_never(step)


def step_from_json(kind: str, spec: Spec) -> PlannedStep:
    """The step of a row."""
    match Step.Kind(kind):
        case Step.Kind.CALL:
            return call_from_json(spec)
        case Step.Kind.WAIT:
            return wait_from_json(spec)
        case Step.Kind.SIGNED_REQUEST:
            return message_from_json(spec)


def call_to_json(call: Call) -> Spec:
    """A call as it is kept on its step."""
    return {
        "label": call.label,
        "to": call.to,
        "data": "0x" + call.data.hex(),
        "value": str(call.value),
        "valid_until": _time_to_json(call.valid_until),
        "expectations": call.expectations.as_json(),
        "chain_id": call.chain_id,
        "max_fee_per_gas": None if call.max_fee_per_gas is None else str(call.max_fee_per_gas),
    }


def call_from_json(spec: Spec) -> Call:
    """The call of a step."""
    return Call(
        label=spec["label"],
        to=parse_address(spec["to"]),
        data=bytes.fromhex(spec["data"].removeprefix("0x")),
        value=int(spec["value"]),
        valid_until=_time(spec["valid_until"]),
        expectations=Expectations.model_validate(spec["expectations"]),
        # What was planned before other networks could be named has none.
        chain_id=spec.get("chain_id"),
        max_fee_per_gas=_number(spec.get("max_fee_per_gas")),
    )


def wait_from_json(spec: Spec) -> Wait:
    """The wait of a step."""
    return Wait(**spec)


def message_from_json(spec: Spec) -> Message:
    """The signed request of a step."""
    return Message(**{**spec, "valid_until": _time(spec["valid_until"])})


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _time_to_json(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
