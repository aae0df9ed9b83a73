"""What parameters of actions may be: typed, bounded, and explained in one sentence when wrong."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from eth_typing import ChecksumAddress
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from protocols.actions import PlanError
from wallets.addresses import ZERO_ADDRESS, AddressError, parse_address
from wallets.amounts import MAX_UINT256

NATIVE: Literal["native"] = "native"
ALL: Literal["all"] = "all"
_DIGITS = re.compile(r"[0-9]{1,78}", re.ASCII)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
# Somebody may paste a private key into the wrong field; no message repeats one.
_SECRET = re.compile(r"[0-9a-fA-F]{64}")
_SHOWN_LENGTH = 60


class BadParameters(PlanError):
    """Parameters that do not fit the action; the sentence says which, and what to write."""


class ActionParams(BaseModel):
    """Parameters of an action: nothing unknown is accepted, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _whole_number(value: object) -> int:
    """An int or its decimal digits; a float or a bool is somebody's mistake."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("write a whole number without sign, point or separators")


def _amount(value: object) -> int:
    number = _amount_or_zero(value)
    if number == 0:
        raise ValueError("write an amount above zero, in base units")
    return number


def _amount_or_zero(value: object) -> int:
    number = _whole_number(value)
    if not 0 <= number <= MAX_UINT256:
        raise ValueError("write an amount from 0 to 2^256-1, in base units")
    return number


def _amount_or_all(value: object) -> object:
    return MAX_UINT256 if value == ALL else value


def _shown_amount(amount: int) -> str:
    return ALL if amount == MAX_UINT256 else str(amount)


def _address(value: object) -> ChecksumAddress:
    try:
        address = parse_address(value)  # type: ignore[arg-type]  # it refuses other types
    except AddressError:
        raise ValueError(
            "write 0x and 40 hex digits, copied with its upper and lower case from its source"
        ) from None
    if address == ZERO_ADDRESS:
        raise ValueError("the zero address is nobody's; write the address that is meant")
    return address


def _token(value: object) -> str:
    return NATIVE if value == NATIVE else _address(value)


def _hash32(value: object) -> bytes:
    if isinstance(value, bytes) and len(value) == 32:
        return value
    if isinstance(value, str) and _HASH.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise ValueError("write 0x and 64 hex digits")


_ADDRESS_PATTERN = "^0x[0-9a-fA-F]{40}$"
_AS_TEXT = PlainSerializer(str, when_used="json")
# `format` and `unit` are for whoever shows the parameters: the console's form, the commands.
_AMOUNT_TEXT = {"type": "string", "pattern": "^[0-9]{1,78}$", "unit": "base units"}
_AMOUNT_SCHEMA = WithJsonSchema({**_AMOUNT_TEXT, "format": "amount-or-zero"})
_ABOVE_ZERO_SCHEMA = WithJsonSchema({**_AMOUNT_TEXT, "format": "amount"})

Address = Annotated[
    ChecksumAddress,
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "pattern": _ADDRESS_PATTERN, "format": "address"}),
]
# Base units, above zero. Text in JSON, where many readers round large numbers.
Amount = Annotated[int, BeforeValidator(_amount), _AS_TEXT, _ABOVE_ZERO_SCHEMA]
AmountOrZero = Annotated[int, BeforeValidator(_amount_or_zero), _AS_TEXT, _AMOUNT_SCHEMA]
# The largest number is all there is, as many contracts have it too.
AmountOrAll = Annotated[
    Amount,
    BeforeValidator(_amount_or_all),
    PlainSerializer(_shown_amount, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^(all|[0-9]{1,78})$"}),
]
# "native" or the address of an ERC-20.
TokenRef = Annotated[
    Literal["native"] | ChecksumAddress,
    BeforeValidator(_token),
    WithJsonSchema(
        {"type": "string", "pattern": f"^native$|{_ADDRESS_PATTERN}", "format": "token"}
    ),
]
# Gas on another chain, where a fee is asked for it; 0 leaves it to the action.
MOST_GAS = 2_000_000
Gas = Annotated[
    int,
    Field(ge=0, le=MOST_GAS, json_schema_extra={"unit": "gas"}),
    BeforeValidator(_whole_number),
]
# Hundredths of a percent; half of everything is more than any honest slippage.
MOST_SLIPPAGE_BPS = 5000
Bps = Annotated[
    int,
    Field(ge=0, le=MOST_SLIPPAGE_BPS, json_schema_extra={"unit": "hundredths of a percent"}),
    BeforeValidator(_whole_number),
]
Urgency = Literal["slow", "normal", "fast"]
Seconds = Annotated[
    int,
    Field(ge=60, le=86_400, json_schema_extra={"unit": "seconds"}),
    BeforeValidator(_whole_number),
]
Hash32 = Annotated[
    bytes,
    BeforeValidator(_hash32),
    PlainSerializer(lambda value: f"0x{value.hex()}", when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{64}$", "format": "hash"}),
]


def read_params[P: BaseModel](model: type[P], values: Mapping[str, Any]) -> P:
    """The parameters an action wants, or BadParameters."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        wrong = "; ".join(_explain(detail, known) for detail in error.errors())
        raise BadParameters(wrong) from None


def wrong_params(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each of these values, by its name; nothing is said of missing ones."""
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        found = [one for one in error.errors() if one["type"] != "missing"]
        return {str(one["loc"][0]) if one["loc"] else "": _explain(one, known) for one in found}
    return {}


def _explain(detail: ErrorDetails, known: str) -> str:
    """One wrong parameter: its name, what was found, what to write."""
    name = ".".join(str(part) for part in detail["loc"])
    match detail["type"]:
        case "missing":
            return f"the parameter {name} is missing; write it beside the others"
        case "extra_forbidden":
            return f"there is no parameter {name}; this action takes {known or 'none'}"
        case "value_error":
            advice = str(detail["ctx"]["error"])
        case _:
            advice = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"the parameter {name} is {shown(detail['input'])}: {advice}"


def shown(value: object) -> str:
    """A value as messages repeat it: shortened, and never what may be a key."""
    text = repr(value)
    if _SECRET.search(text):
        return "a 32-byte value"
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"
