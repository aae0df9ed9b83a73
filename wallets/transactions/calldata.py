"""Calldata taken apart by the signature a rule declares: every argument, or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from eth_abi.grammar import ABIType, BasicType, TupleType
from eth_utils.abi import function_signature_to_4byte_selector

from wallets.chain.codec import argument_types, decode_exactly, type_name

# Where an argument is: its place, then places inside it; `*` is every element of an array.
Path = tuple[int | Literal["*"], ...]


class CalldataError(ValueError):
    """Bytes that are not the declared call; one sentence."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of the arguments that is neither an array nor a tuple, and where it is."""

    path: Path
    kind: str

    @property
    def may_be_a_call(self) -> bool:
        """Whether another call may hide in it."""
        return self.kind == "bytes"


def selector_of(signature: str) -> str:
    """The first four bytes of such a call, as 0x hex."""
    return f"0x{function_signature_to_4byte_selector(signature).hex()}"


def decode_arguments(signature: str, data: bytes) -> tuple[Any, ...]:
    """The arguments, or CalldataError unless `data` is exactly such a call."""
    if f"0x{data[:4].hex()}" != selector_of(signature):
        raise CalldataError(f"0x{data[:4].hex()} is not the selector of {signature}")
    types = [type_name(one) for one in argument_types(signature)]
    values = decode_exactly(types, data[4:])
    if values is None:
        raise CalldataError(f"the {len(data)} bytes are not exactly a call of {signature}")
    return values


def leaves(signature: str) -> Iterator[Leaf]:
    """Every part of the arguments that must be accounted for."""
    for place, kind in enumerate(argument_types(signature)):
        yield from _leaves(kind, (place,))


def _leaves(kind: ABIType, path: Path) -> Iterator[Leaf]:
    if kind.is_array:
        yield from _leaves(kind.item_type, (*path, "*"))
    elif isinstance(kind, TupleType):
        for place, part in enumerate(kind.components):
            yield from _leaves(part, (*path, place))
    elif isinstance(kind, BasicType):
        yield Leaf(path, type_name(kind))


def pick(values: Any, path: Path) -> list[Any]:
    """What stands at the path; CalldataError where nothing does."""
    found = [values]
    for place in path:
        found = [part for value in found for part in _inside(value, place)]
    if not found:
        raise CalldataError(f"there is nothing at argument {show_path(path)}")
    return found


def _inside(value: Any, place: int | Literal["*"]) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise CalldataError(f"{value!r} has no parts")
    if place == "*":
        return tuple(value)
    if not -len(value) <= place < len(value):
        raise CalldataError(f"there are {len(value)} parts, none at place {place}")
    return (value[place],)


def show_path(path: Path) -> str:
    """A path as a person reads it: `2.*`."""
    return ".".join(str(place) for place in path)
