"""Values of parameters, right and wrong, from what an action's model says of them."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
ZERO = "0x" + "0" * 40
_HASH = "0x" + "11" * 32
_RIGHT: Mapping[str, Any] = {
    "amount": "1000000",
    "amount-or-zero": "1000000",
    "address": ADDRESS,
    "token": ADDRESS,
    "hash": _HASH,
}
_NO_NUMBERS = ("-1", "1.5", 1.5, "1e18", "", "many", True, "1" * 79, 2**256, "0x10", " 1")
_NO_ADDRESSES = ("0x12", ZERO, ADDRESS.replace("C02a", "C02A"), 7, "", "nobody.eth", ADDRESS + "0")
_WRONG: Mapping[str, tuple[Any, ...]] = {
    "amount": (*_NO_NUMBERS, 0, "0"),
    "amount-or-zero": _NO_NUMBERS,
    "address": _NO_ADDRESSES,
    "token": _NO_ADDRESSES,
    "hash": ("0x12", 7, "", _HASH + "0"),
}


def example_of(part: Schema) -> Any:
    """A value that the parameter may have."""
    known = (part.get("default"), part.get("const"), *part.get("enum", ()))
    by_format = _RIGHT.get(part.get("format", ""))
    given = next((one for one in (*known, by_format) if one is not None), None)
    if given is not None:
        return given
    match part.get("type"):
        case "integer":
            return part.get("minimum", part.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "array":
            return [example_of(part.get("items", {}))] * part.get("minItems", 1)
        case "object":
            return {}
    return "1"


def bad_values(part: Schema) -> Iterator[Any]:
    """Values that it must refuse."""
    yield from _WRONG.get(part.get("format", ""), ())
    if "enum" in part or "const" in part:
        yield "none of these"
    if part.get("type") == "integer":
        yield from (1.5, "1.5", "many", "")
        if "minimum" in part:
            yield part["minimum"] - 1
        if "maximum" in part:
            yield part["maximum"] + 1
    if part.get("type") == "array":
        yield "no list"
        yield from ([bad] for bad in bad_values(part.get("items", {})))
