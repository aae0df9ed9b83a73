"""A function and its arguments as a person writes them, and the calldata they are."""

import json
import re
from collections.abc import Sequence
from typing import Any

from eth_abi.exceptions import ABITypeError, EncodingError, ParseError
from eth_abi.grammar import ABIType, BasicType, TupleType, normalize
from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector

from wallets.addresses import AddressError, parse_address
from wallets.chain.codec import CODEC, argument_types, decode_exactly, type_name

_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_DIGITS = re.compile(r"-?[0-9]{1,78}", re.ASCII)
_HEX = re.compile(r"0x([0-9a-fA-F]{2})*", re.ASCII)


class CallError(ValueError):
    """A function or an argument that is not what it must be; one sentence."""


def read_function(text: str) -> str:
    """The signature, `name(type,…)`, of such a text or of an ABI fragment as JSON."""
    signature = _of_fragment(text) if text.lstrip().startswith("{") else text.strip()
    name, _, rest = signature.partition("(")
    if not _NAME.fullmatch(name) or not rest.endswith(")"):
        raise CallError(f"{text[:60]!r} is no function; write it like name(type,type)")
    try:
        whole = f"{name}{normalize(f'({rest}')}"  # type: ignore[no-untyped-call]
        for kind in argument_types(whole):
            kind.validate()  # type: ignore[no-untyped-call]
    except (ParseError, ABITypeError, ValueError) as error:
        raise CallError(f"{text[:60]!r} has a type that is none: {error}") from None
    return whole


def _of_fragment(text: str) -> str:
    try:
        fragment = json.loads(text)
        if fragment.get("type") != "function":
            raise CallError("the ABI fragment is of no function")
        return abi_to_signature(fragment)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, CallError):
            raise
        raise CallError(f"the ABI fragment cannot be read: {error}") from None


def encode_call(signature: str, arguments: Sequence[Any]) -> bytes:
    """The calldata, or CallError for the first argument that does not fit."""
    kinds = argument_types(signature)
    if len(arguments) != len(kinds):
        raise CallError(f"{signature} takes {len(kinds)} arguments, {len(arguments)} are given")
    places = enumerate(zip(kinds, arguments, strict=True))
    values = [_typed(kind, value, str(place)) for place, (kind, value) in places]
    try:
        encoded = CODEC.encode([type_name(kind) for kind in kinds], values)
    except EncodingError as error:
        raise CallError(f"the arguments do not fit {signature}: {error}") from None
    return function_signature_to_4byte_selector(signature) + encoded


def shown_arguments(signature: str, data: bytes) -> list[Any]:
    """The arguments in calldata as they are kept: numbers as digits, bytes as 0x hex."""
    types = [type_name(kind) for kind in argument_types(signature)]
    values = decode_exactly(types, data[4:])
    if values is None or data[:4] != function_signature_to_4byte_selector(signature):
        raise CallError(f"the bytes are no call of {signature}")
    return [_shown(value) for value in values]


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple | list):
        return [_shown(part) for part in value]
    return value if isinstance(value, bool | str) else str(value)


def _typed(kind: ABIType, value: Any, where: str) -> Any:
    if kind.is_array:
        parts = _list(value, where, kind)
        return [_typed(kind.item_type, part, f"{where}.{at}") for at, part in enumerate(parts)]
    if isinstance(kind, TupleType):
        parts = _list(value, where, kind)
        if len(parts) != len(kind.components):
            raise CallError(f"argument {where} takes {len(kind.components)} parts")
        inside = enumerate(zip(kind.components, parts, strict=True))
        return tuple(_typed(part, one, f"{where}.{at}") for at, (part, one) in inside)
    if not isinstance(kind, BasicType):
        raise CallError(f"argument {where} has a type that is not known")
    return _basic(kind, value, where)


def _list(value: Any, where: str, kind: ABIType) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise CallError(f"argument {where} is {type_name(kind)}; write a list of its parts")
    return value


def _basic(kind: BasicType, value: Any, where: str) -> Any:
    match kind.base:
        case "address":
            return _address(value, where)
        case "uint" | "int":
            return _number(value, where)
        case "bytes":
            return _bytes(value, where, kind.sub)
        case "bool" if isinstance(value, bool):
            return value
        case "string" if isinstance(value, str):
            return value
    raise CallError(f"argument {where} is {value!r}; it must be {type_name(kind)}")


def _address(value: Any, where: str) -> str:
    try:
        address = parse_address(value)
    except AddressError as error:
        raise CallError(f"argument {where}: {error}") from None
    if value != address:
        raise CallError(f"argument {where}: {value} has no checksum; copy it with its capitals")
    return address


def _number(value: Any, where: str) -> int:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise CallError(f"argument {where} must be a whole number in digits")


def _bytes(value: Any, where: str, length: int | None) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise CallError(f"argument {where} must be bytes, as 0x and two hex digits each")
    found = bytes.fromhex(value[2:])
    # Fewer would be filled up with zeros.
    if length and len(found) != length:
        raise CallError(f"argument {where} must be exactly {length} bytes")
    return found
