"""The market, which many lanes ask alike, kept for moments in this process."""

import time
from dataclasses import dataclass
from typing import Any

from wallets.chain.client import hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import fee_request
from wallets.chain.rpc import Request
from wallets.models import Network

MARKET_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Market:
    """The fee history or gas price of a network, and the block at which it was asked."""

    fee_answer: Any
    block: int


_markets: dict[int, tuple[float, Market]] = {}


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


def forget() -> None:
    """Ask everything anew: for a chain that was changed under this process."""
    _markets.clear()


def usable(answer: Any) -> Any:
    """The answer, or an error: a node that refuses a question has not answered it."""
    if isinstance(answer, RpcError):
        raise RpcUnavailable(f"the node refused a question: {answer}")
    if isinstance(answer, ChainError):
        raise answer
    return answer
