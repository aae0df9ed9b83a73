"""Functions and events of contracts: to bytes, and back from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from eth_abi.exceptions import DecodingError
from eth_typing import ABIComponent, ABIEvent, ABIFunction
from eth_utils.abi import (
    abi_to_signature,
    collapse_if_tuple,
    event_abi_to_log_topic,
    function_abi_to_4byte_selector,
)

from protocols.actions import Log
from wallets.chain.codec import CODEC, decode_exactly
from wallets.chain.reverts import KnownError


class AbiError(ValueError):
    """An ABI file, or a name looked up in one, that does not fit; a mistake in an adapter."""


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """Calldata as a person reads it."""

    signature: str
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        name = self.signature.partition("(")[0]
        shown = (f"{key}={_readable(value)}" for key, value in self.arguments.items())
        return f"{name}({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract."""

    signature: str
    selector: bytes
    names: tuple[str, ...]
    types: tuple[str, ...]
    returns: tuple[str, ...]

    @classmethod
    def of(cls, fragment: ABIFunction) -> "Function":
        """From its ABI fragment."""
        inputs = fragment.get("inputs", ())
        return cls(
            signature=abi_to_signature(fragment),
            selector=function_abi_to_4byte_selector(fragment),
            names=_names(inputs),
            types=tuple(collapse_if_tuple(part) for part in inputs),
            returns=tuple(collapse_if_tuple(part) for part in fragment.get("outputs", ())),
        )

    def encode(self, *arguments: Any) -> bytes:
        """Calldata with these arguments."""
        return self.selector + CODEC.encode(self.types, arguments)

    def decode_result(self, answer: bytes) -> tuple[Any, ...]:
        """What a call returned; AbiError when it cannot be that."""
        try:
            return CODEC.decode(self.returns, answer)
        except (DecodingError, OverflowError, UnicodeDecodeError):
            raise AbiError(f"0x{answer.hex()} is no answer of {self.signature}") from None

    def decode_call(self, data: bytes) -> DecodedCall | None:
        """The arguments in calldata; None unless they encode to the very same bytes."""
        arguments = decode_exactly(self.types, data[4:])
        if arguments is None or data[:4] != self.selector:
            return None
        return DecodedCall(self.signature, dict(zip(self.names, arguments, strict=True)))


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a contract."""

    signature: str
    topic: bytes
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]

    @classmethod
    def of(cls, fragment: ABIEvent) -> "Event":
        """From its ABI fragment."""
        inputs = fragment.get("inputs", ())
        return cls(
            signature=abi_to_signature(fragment),
            topic=event_abi_to_log_topic(fragment),
            names=_names(inputs),
            types=tuple(collapse_if_tuple(part) for part in inputs),
            indexed=tuple(bool(part.get("indexed")) for part in inputs),
        )

    def decode(self, log: Log) -> Mapping[str, Any] | None:
        """The event's arguments by name; None for a log of any other event or shape."""
        if log.topics[:1] != (self.topic,) or len(log.topics) != 1 + sum(self.indexed):
            return None
        places = list(zip(self.names, self.types, self.indexed, strict=True))
        in_topics = [(name, _topic_type(kind)) for name, kind, indexed in places if indexed]
        in_data = [(name, kind) for name, kind, indexed in places if not indexed]
        try:
            values = {
                **_decode_named(in_topics, b"".join(log.topics[1:])),
                **_decode_named(in_data, log.data),
            }
        except (DecodingError, OverflowError, UnicodeDecodeError):
            return None
        return {name: values[name] for name in self.names}


def _names(inputs: Any) -> tuple[str, ...]:
    """Names of arguments; the place stands in for a missing one."""
    parts = cast("list[ABIComponent]", inputs)
    return tuple(part.get("name") or str(place) for place, part in enumerate(parts))


def _topic_type(kind: str) -> str:
    """What a topic holds: of text, bytes, arrays and tuples only the hash."""
    hashed = kind in ("string", "bytes") or kind.endswith(("]", ")"))
    return "bytes32" if hashed else kind


def _decode_named(places: list[tuple[str, str]], data: bytes) -> dict[str, Any]:
    values = CODEC.decode([kind for _, kind in places], data)
    return dict(zip((name for name, _ in places), values, strict=True))


def _readable(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_readable(item) for item in value)}]"
    return str(value)


def error_of(fragment: Mapping[str, Any]) -> KnownError:
    """A custom error from its ABI fragment."""
    inputs = fragment.get("inputs", ())
    kinds = ",".join(collapse_if_tuple(part) for part in inputs)
    return KnownError(f"{fragment['name']}({kinds})", _names(inputs))
