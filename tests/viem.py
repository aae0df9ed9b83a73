"""An encoder that is not ours: viem, over the ABIs that the contracts' authors published."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.node import ROOT, run_node

_SCRIPT = Path(__file__).with_name("viem.cjs")
MODULES = ROOT / "node_modules"
OFFICIAL = Path(__file__).with_name("official")


def wanted(abi: Path, name: str, *arguments: Any) -> dict[str, Any]:
    """A call to encode; as an argument of another it is a call inside."""
    return {"abi": str(abi), "name": name, "args": [_plain(one) for one in arguments]}


def encode_all(calls: Sequence[dict[str, Any]]) -> list[bytes]:
    """The calldata of each, in one process."""
    answer = run_node(_SCRIPT, stdin=json.dumps(calls))
    return [bytes.fromhex(data[2:]) for data in json.loads(answer)]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
