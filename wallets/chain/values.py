"""What JSON-RPC answers hold, as values of ours."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wallets.chain.errors import RpcUnavailable

_QUANTITY = re.compile(r"0x[0-9a-fA-F]+")
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*")


@dataclass(frozen=True, slots=True)
class Block:
    """The head of a block."""

    number: int
    hash: str
    at: datetime
    base_fee: int | None


def parse_block(found: dict[str, Any]) -> Block:
    """A block as JSON-RPC gives it; RpcUnavailable if that is not one."""
    try:
        base_fee = found.get("baseFeePerGas")
        return Block(
            number=hex_int(found["number"]),
            hash=str(found["hash"]),
            at=datetime.fromtimestamp(hex_int(found["timestamp"]), tz=UTC),
            base_fee=None if base_fee is None else hex_int(base_fee),
        )
    except (KeyError, AttributeError, TypeError, OverflowError, OSError, ValueError):
        raise RpcUnavailable("the node answered something that is not a block") from None


def hex_int(text: object) -> int:
    """A JSON-RPC quantity; RpcUnavailable for anything else."""
    if isinstance(text, str) and _QUANTITY.fullmatch(text):
        return int(text, 16)
    raise RpcUnavailable(f"the node answered {_short(text)} where a quantity was asked")


def hex_bytes(text: object) -> bytes:
    """JSON-RPC data; RpcUnavailable for anything else."""
    if isinstance(text, str) and _DATA.fullmatch(text):
        return bytes.fromhex(text[2:])
    raise RpcUnavailable(f"the node answered {_short(text)} where data was asked")


def _short(text: object) -> str:
    return repr(text)[:80]
