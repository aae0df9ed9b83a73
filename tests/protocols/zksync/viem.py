"""What viem makes of calls over the official ABI, and how it takes bytes within bytes."""

import json
from pathlib import Path
from typing import Any

from tests.node import ROOT, run_node

_HERE = Path(__file__).parent
OFFICIAL = _HERE / "data" / "official.json"
VAULT_OF_ANY_CHAIN = "0x0000000000000000000000000000000000010004"


def viem_encodes(calls: list[dict[str, Any]], abis: Path = OFFICIAL) -> list[bytes]:
    """The calldata of each `{abi, name, args}`, all from one process."""
    script = str(_HERE / "encode.cjs")
    answer = json.loads(run_node(Path(script), str(ROOT), str(abis), stdin=json.dumps(calls)))
    return [bytes.fromhex(one[2:]) for one in answer]


def asset_id(chain_id: int, token: str) -> dict[str, Any]:
    """Of a token that is native to a chain."""
    values = [str(chain_id), VAULT_OF_ANY_CHAIN, token]
    return {"keccak": {"encode": [["uint256", "address", "address"], values]}}


def burned(amount: int, wallet: str, token: str) -> dict[str, Any]:
    """What the vault takes."""
    return {"encode": [["uint256", "address", "address"], [str(amount), wallet, token]]}
