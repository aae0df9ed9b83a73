"""An encoder that is not ours: viem, over the protocols' official ABIs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.node import ROOT, run_node

_SCRIPT = Path(__file__).with_name("encode.cjs")
# An ABI item and the arguments, bytes and numbers as Python has them.
OfficialCall = tuple[Mapping[str, Any], Sequence[Any]]


def official_abi(folder: Path, name: str) -> dict[str, Any]:
    """The functions of an official ABI kept beside the tests, by name."""
    kept = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return {item["name"]: item for item in kept["abi"] if item["type"] == "function"}


def encode_officially(calls: Sequence[OfficialCall]) -> list[bytes]:
    """The calldata of each, all by one process, which also reads its own bytes back."""
    asked = [[item, plain(arguments)] for item, arguments in calls]
    answers = json.loads(run_node(_SCRIPT, str(ROOT), stdin=json.dumps(asked)))
    for (_, arguments), (_, found) in zip(asked, answers, strict=True):
        assert found == arguments
    return [bytes.fromhex(data.removeprefix("0x")) for data, _ in answers]


def plain(value: Any) -> Any:
    """A value as it goes through JSON: numbers as text, bytes as hex."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, int):
        return str(value)
    return [plain(part) for part in value] if isinstance(value, tuple | list) else value
