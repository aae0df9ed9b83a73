"""Thrift's compact protocol, as much of it as Parquet's headers need.

Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

YES = 1


class Value(NamedTuple):
    """The code of its type, and its bytes."""

    kind: int
    data: bytes


def yes() -> Value:
    """True: the type says it."""
    return Value(YES, b"")


def i32(number: int) -> Value:
    """A number of 32 bits."""
    return Value(5, varint(_zigzag(number)))


def i64(number: int) -> Value:
    """A number of 64 bits."""
    return Value(6, varint(_zigzag(number)))


def text(value: str) -> Value:
    """In UTF-8."""
    data = value.encode()
    return Value(8, varint(len(data)) + data)


def several(values: Sequence[Value]) -> Value:
    """A list of one or more of one type."""
    kind, count = values[0].kind, len(values)
    begins = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
    return Value(9, begins + b"".join(one.data for one in values))


def record(fields: Mapping[int, Value]) -> Value:
    """A struct: values by the number of their field, in ascending order, each less than 16 on."""
    written, last = bytearray(), 0
    for number, value in fields.items():
        written.append((number - last) << 4 | value.kind)
        written += value.data
        last = number
    return Value(12, bytes(written) + b"\0")


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; not negative."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1
