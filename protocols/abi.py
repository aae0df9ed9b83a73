"""Minimal ABI files of our own, `abi/*.json` beside each adapter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from protocols.codec import AbiError, DecodedCall, Event, Function, error_of
from wallets.chain.reverts import KnownError


@dataclass(frozen=True, slots=True)
class Abi:
    """The functions, events and errors of one ABI file."""

    name: str
    functions: Mapping[str, Function]
    events: Mapping[str, Event]
    errors: tuple[KnownError, ...]

    def function(self, name: str) -> Function:
        """The function of that name, or AbiError."""
        return _found(self.functions, name, f"{self.name} has no function")

    def event(self, name: str) -> Event:
        """The event of that name, or AbiError."""
        return _found(self.events, name, f"{self.name} has no event")

    def decode_call(self, data: bytes) -> DecodedCall | None:
        """Calldata as a person reads it; None when it is no call of this contract."""
        for function in self.functions.values():
            if data[:4] == function.selector:
                return function.decode_call(data)
        return None


@cache
def load_abi(package: str, name: str) -> Abi:
    """The ABI file `abi/NAME.json` of an adapter's package, or AbiError."""
    path = files(package) / "abi" / f"{name}.json"
    try:
        fragments = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AbiError(f"{package} has no readable abi/{name}.json: {error}") from error
    return Abi(
        name=name,
        functions=_by_name(name, [Function.of(item) for item in _of_type(fragments, "function")]),
        events=_by_name(name, [Event.of(item) for item in _of_type(fragments, "event")]),
        errors=tuple(error_of(item) for item in _of_type(fragments, "error")),
    )


def abi_names(package: str) -> tuple[str, ...]:
    """The ABI files of an adapter's package."""
    folder = files(package) / "abi"
    found = (entry.name for entry in folder.iterdir()) if folder.is_dir() else ()
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


def _of_type(fragments: list[dict[str, Any]], kind: str) -> list[Any]:
    return [fragment for fragment in fragments if fragment["type"] == kind]


def _by_name[Entry: (Function, Event)](abi: str, entries: list[Entry]) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        name = entry.signature.partition("(")[0]
        if name in found:
            raise AbiError(f"{abi} has {name} twice; keep overloads in files of their own")
        found[name] = entry
    return found


def _found[Entry](entries: Mapping[str, Entry], name: str, complaint: str) -> Entry:
    try:
        return entries[name]
    except KeyError:
        raise AbiError(f"{complaint} {name}; it has {', '.join(entries)}") from None
