"""What many lanes ask alike, kept for moments in this process: the market and contracts' code."""

import time
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from wallets.chain.client import hex_bytes, hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import fee_request
from wallets.chain.rpc import Request
from wallets.models import Network

MARKET_SECONDS = 3.0
CODE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Market:
    """The fee history or gas price of a network, and the block at which it was asked."""

    fee_answer: Any
    block: int


_markets: dict[int, tuple[float, Market]] = {}
_codes: dict[tuple[int, str], tuple[float, str]] = {}


def known_market(network: Network) -> Market | None:
    """The market, if it was asked within a block's time, MARKET_SECONDS at most."""
    asked_at, market = _markets.get(network.pk, (float("-inf"), None))
    fresh = time.monotonic() - asked_at < min(network.block_seconds, MARKET_SECONDS)
    return market if fresh else None


def market_requests(network: Network) -> list[Request]:
    """The calls whose answers `read_market` understands."""
    return [fee_request(network), ("eth_blockNumber", [])]


def read_market(network: Network, answers: list[Any]) -> Market:
    """The market from the answers, kept for others."""
    fee, block = (usable(answer) for answer in answers)
    market = Market(fee, hex_int(block))
    _markets[network.pk] = (time.monotonic(), market)
    return market


def known_code(network: Network, address: str) -> str | None:
    """The hash of the address's code, if it was asked within CODE_SECONDS."""
    asked_at, code_hash = _codes.get((network.pk, address), (float("-inf"), None))
    return code_hash if time.monotonic() - asked_at < CODE_SECONDS else None


def read_code(network: Network, address: str, answer: Any) -> str:
    """The hash of the code in the answer, kept for others; empty for no code."""
    code = hex_bytes(usable(answer))
    code_hash = "0x" + keccak(code).hex() if code else ""
    _codes[network.pk, address] = (time.monotonic(), code_hash)
    return code_hash


def forget() -> None:
    """Ask everything anew: for a chain that was changed under this process."""
    _markets.clear()
    _codes.clear()


def usable(answer: Any) -> Any:
    """The answer, or an error: a node that refuses a question has not answered it."""
    if isinstance(answer, RpcError):
        raise RpcUnavailable(f"the node refused a question: {answer}")
    if isinstance(answer, ChainError):
        raise answer
    return answer
