"""Newer ABIs of contracts, held against the fragments an adapter has: taken over if nothing breaks.

Argument names stay ours: they are no part of any encoding, and adapters read values by them.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from eth_utils.abi import abi_to_signature

from protocols.abi import load_abi
from protocols.codec import AbiError, Event, Function, error_of

Fragment = Mapping[str, Any]
_KINDS = ("function", "event", "error")
_READS = ("view", "pure")
# The largest published ABI we know has some 100 kB.
_MOST_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Difference:
    """What a newer ABI has otherwise than ours, a phrase for each; `breaking` forbids to take it.

    `added` are signatures that the newer one has beside those we use.
    """

    breaking: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    # Our fragments as they would be written.
    fragments: tuple[Fragment, ...]


def read_fragments(text: str, where: str) -> list[Fragment]:
    """The fragments of an ABI file or of a compiler's artifact, or AbiError."""
    if len(text) > _MOST_BYTES:
        raise AbiError(f"{where} is larger than any ABI; give the contract's own")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AbiError(f"{where} is no JSON: {error}") from None
    found = content.get("abi") if isinstance(content, dict) else content
    if not isinstance(found, list):
        raise AbiError(f"{where} is no ABI: it should be a list, or an artifact with an `abi`")
    for place, one in enumerate(found):
        if not isinstance(one, dict) or not isinstance(one.get("type"), str):
            raise AbiError(f"entry {place} of {where} is no ABI fragment: it has no type")
    known = [one for one in found if one["type"] in _KINDS]
    for place, one in enumerate(known):
        if not isinstance(one.get("name"), str) or not isinstance(one.get("inputs"), list):
            raise AbiError(f"{one['type']} {place} of {where} has no name or no inputs")
        _read(one, where)
    return known


def compare(ours: Sequence[Fragment], theirs: Sequence[Fragment]) -> Difference:
    """What taking `theirs` would mean for the fragments we use."""
    by_key = {_key(one): one for one in theirs}
    breaking: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    kept: list[Fragment] = []
    for own in ours:
        new = by_key.get(_key(own))
        if new is None:
            gone = _gone(own, theirs)
            (removed if own["type"] == "error" else breaking).append(gone)
            continue
        breaking += _breaks(own, new)
        changed += _changes(own, new)
        kept.append(_minimal(own, new))
    used = {_key(one) for one in ours}
    added = sorted(f"{kind} {text}" for kind, text in by_key.keys() - used)
    return Difference(tuple(breaking), tuple(changed), tuple(removed), tuple(added), tuple(kept))


def abi_path(package: str, name: str) -> Path:
    """Where an adapter's ABI file is on disk."""
    return Path(str(files(package) / "abi" / f"{name}.json"))


def write_fragments(path: Path, fragments: Sequence[Fragment]) -> None:
    """Put a whole file in place, or leave the old one; AbiError where it cannot be written."""
    lines = ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in fragments)
    try:
        number, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(f"[\n{lines}\n]\n")
                file.flush()
                os.fsync(file.fileno())
            Path(beside).chmod(path.stat().st_mode)
            Path(beside).replace(path)
        finally:
            Path(beside).unlink(missing_ok=True)
    except OSError as error:
        raise AbiError(f"{path} cannot be written: {error.strerror}; nothing was changed") from None
    load_abi.cache_clear()


def _read(fragment: Fragment, where: str) -> Function | Event | None:
    try:
        match fragment["type"]:
            case "function":
                return Function.of(fragment)  # type: ignore[arg-type]  # checked by reading it
            case "event":
                return Event.of(fragment)  # type: ignore[arg-type]
        error_of(fragment)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        name = str(fragment.get("name", ""))[:80]
        raise AbiError(
            f"{where} has a {fragment['type']} {name} that cannot be read: {error}"
        ) from None
    return None


def _key(fragment: Fragment) -> tuple[str, str]:
    return fragment["type"], abi_to_signature(fragment)  # type: ignore[arg-type]


def _gone(own: Fragment, theirs: Sequence[Fragment]) -> str:
    kind, signature = _key(own)
    alike = [
        abi_to_signature(one)  # type: ignore[arg-type]
        for one in theirs
        if (one["type"], one["name"]) == (kind, own["name"])
    ]
    now = f"; it has {', '.join(sorted(alike))} now" if alike else ""
    return f"{kind} {signature} is gone{now}"


def _breaks(own: Fragment, new: Fragment) -> Iterator[str]:
    """What the adapter could not live with, though the signature is the same."""
    kind, signature = _key(own)
    if kind == "event":
        if [bool(one.get("indexed")) for one in own["inputs"]] != [
            bool(one.get("indexed")) for one in new["inputs"]
        ]:
            yield f"event {signature} has other arguments indexed"
        if bool(own.get("anonymous")) != bool(new.get("anonymous")):
            yield f"event {signature} is anonymous on one side only"
    if kind != "function":
        return
    before, after = (Function.of(one).returns for one in (own, new))  # type: ignore[arg-type]
    if before != after:
        yield f"function {signature} returns ({','.join(after)}), not ({','.join(before)})"
    was, now = (one.get("stateMutability", "") for one in (own, new))
    if was != now and not _is_wider(was, now):
        yield f"function {signature} is {now or 'unknown'} now, not {was}"


def _is_wider(was: str, now: str) -> bool:
    """Whether all that could be done before can be done still."""
    return (was in _READS and now in _READS) or (was, now) == ("nonpayable", "payable")


def _changes(own: Fragment, new: Fragment) -> Iterator[str]:
    """What is otherwise and harmless."""
    kind, signature = _key(own)
    was, now = (one.get("stateMutability", "") for one in (own, new))
    if was != now and _is_wider(was, now):
        yield f"function {signature} is {now} now, was {was}"
    for before, after in zip(_names(own), _names(new), strict=True):
        if before != after:
            yield f"{kind} {signature}: what we call {before or '(nothing)'} is called {after} now"


def _names(fragment: Fragment) -> list[str]:
    return [name for part in fragment.get("inputs", ()) for name in _names_in(part)]


def _names_in(part: Fragment) -> list[str]:
    inside = [name for one in part.get("components", ()) for name in _names_in(one)]
    return [str(part.get("name", "")), *inside]


def _minimal(own: Fragment, new: Fragment) -> Fragment:
    """Our fragment with what the newer one says of it: no names, no compiler's notes."""
    made: dict[str, Any] = {"type": own["type"], "name": own["name"]}
    if own["type"] == "function":
        made["stateMutability"] = new.get("stateMutability", own.get("stateMutability"))
    if own.get("anonymous"):
        made["anonymous"] = True
    made["inputs"] = own.get("inputs", [])
    if own["type"] == "function":
        made["outputs"] = own.get("outputs", [])
    return made
