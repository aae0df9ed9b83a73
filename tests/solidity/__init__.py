"""Contracts whose source alone is published, and our own stand-ins: compiled once, then kept."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from airdrops_site.devnet.artifacts import Artifact
from tests.node import ROOT, run_node

_SCRIPT = Path(__file__).with_name("compile.cjs")
_KEPT = ROOT / ".pytest_cache" / "solidity"


def compiled(file: str, contract: str) -> Artifact:
    """A contract of a Solidity file, or of one it imports: `@scope/package/File.sol`.

    Files of the tests are named from the project's folder: `tests/solidity/Some.sol`. What is
    needed together is compiled in the shortest time through a file that imports it all.
    """
    sources = _compile(file)["contracts"]
    for source in sorted(sources, key=lambda source: source != file):
        if contract in (contracts := sources[source]):
            found = contracts[contract]
            code = bytes.fromhex(found["evm"]["bytecode"]["object"])
            return Artifact(f"{file}:{contract}", code, tuple(found["abi"]))
    raise LookupError(f"{file} has no contract {contract}")


@cache
def _compile(file: str) -> dict[str, Any]:
    kept = _KEPT / f"{_fingerprint(file)}.json"
    if not kept.exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        mine = kept.with_suffix(f".{id(kept)}")
        mine.write_text(_run(file), encoding="utf-8")
        # Several workers may compile at once; each puts a whole file in place.
        mine.rename(kept)
    answer: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return answer


def _run(file: str) -> str:
    answer = run_node(_SCRIPT, str(ROOT), file)
    errors = [one for one in json.loads(answer).get("errors", ()) if one["severity"] == "error"]
    if errors:
        raise ValueError("\n".join(one["formattedMessage"] for one in errors))
    return answer


def _fingerprint(file: str) -> str:
    """Changes with the compiler's packages and with our own sources."""
    own = sorted((ROOT / "tests").rglob("*.sol"))
    texts = [(ROOT / "package-lock.json").read_bytes(), _SCRIPT.read_bytes(), file.encode()]
    return hashlib.sha256(b"\0".join([*texts, *(one.read_bytes() for one in own)])).hexdigest()
