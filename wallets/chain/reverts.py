"""Why a call reverted, in words.

Contracts choose these words: they are shortened and stripped of control characters, and nothing
is decided by them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from wallets.chain.codec import CODEC, argument_types, type_name
from wallets.chain.errors import RpcError

# https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
_PANICS = {
    0x00: "an unnamed check of the compiler failed",
    0x01: "an assertion failed",
    0x11: "a sum or product is too large, or a difference below zero",
    0x12: "a division by zero",
    0x21: "a number that is no member of its enum",
    0x22: "wrongly encoded storage bytes",
    0x31: "pop on an empty array",
    0x32: "an array index out of bounds",
    0x41: "too much memory or too large an array",
    0x51: "a call of an empty function pointer",
}
_LONGEST_TEXT = 200
_NO_REASON = "the contract gives no reason"


@dataclass(frozen=True, slots=True)
class KnownError:
    """A custom error of an ABI: `Name(type,…)` and what its arguments are called."""

    signature: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.signature.partition("(")[0]


Source = Callable[[], Iterable[KnownError]]
_sources: dict[str, Source] = {}


def register_errors(name: str, source: Source) -> None:
    """Have these errors explained; asked once, when the first unknown one is met."""
    _sources[name] = source
    _known_errors.cache_clear()


@cache
def _known_errors() -> dict[bytes, list[KnownError]]:
    found: dict[bytes, list[KnownError]] = {}
    for source in _sources.values():
        for error in source():
            same = found.setdefault(function_signature_to_4byte_selector(error.signature), [])
            if error not in same:
                same.append(error)
    return found


def is_revert(error: RpcError) -> bool:
    """Whether the node ran the call and it reverted (as opposed to any other refusal)."""
    # Geth's code for it is 3; the text covers nodes that use another.
    return error.code == 3 or "revert" in error.message.lower()


def revert_reason(error: RpcError) -> str:
    """The decoded reason, as the end of a sentence."""
    data = revert_data(error)
    return explain_revert(data) if data else _node_text(error)


def explain_revert(data: bytes) -> str:
    """What the returned bytes say: a text, a panic, a known custom error, or its selector."""
    if message := _decoded("Error(string)", data):
        return f"the contract says “{_clean(message[0])}”" if message[0] else _NO_REASON
    if panic := _decoded("Panic(uint256)", data):
        return f"{_PANICS.get(panic[0], 'an unknown panic')} (panic {panic[0]:#04x})"
    for known in _known_errors().get(data[:4], []):
        values = _decoded(known.signature, data)
        if values is not None:
            return f"the contract says {_as_call(known, values)}"
    if len(data) < 4:
        return f"the contract says 0x{data.hex()}, which is no error"
    return f"custom error 0x{data[:4].hex()}, which no ABI known here explains"


def revert_data(error: RpcError) -> bytes:
    """The bytes a revert returned; nodes put them in `data` or in `data.data`."""
    data = error.data.get("data") if isinstance(error.data, dict) else error.data
    try:
        # Some write "Reverted 0x…".
        return bytes.fromhex(str(data or "").rpartition(" ")[2].removeprefix("0x"))
    except ValueError:
        return b""


def _decoded(signature: str, data: bytes) -> tuple[Any, ...] | None:
    if data[:4] != function_signature_to_4byte_selector(signature):
        return None
    types = [type_name(kind) for kind in argument_types(signature)]
    try:
        # Older compilers leave a word behind the text; nothing is decided by it.
        return CODEC.decode(types, data[4:])
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return None


def _node_text(error: RpcError) -> str:
    text = _clean(error.message)
    bare = text.lower().removeprefix("execution reverted").strip(" :.")
    return f"the node says “{text}”" if bare else _NO_REASON


def _as_call(known: KnownError, values: tuple[Any, ...]) -> str:
    pairs = zip(known.names, values, strict=True)
    return f"{known.name}({', '.join(f'{name}: {_shown(value)}' for name, value in pairs)})"


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return _clean(value) if isinstance(value, str) else str(value)


def _clean(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    short = printable[:_LONGEST_TEXT]
    return short if len(short) == len(printable) else f"{short}…"
