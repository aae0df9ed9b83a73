"""The market, which many lanes ask alike, kept for moments in this process."""

import time
from typing import Any

from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import fee_request
from wallets.chain.rpc import Request
from wallets.models import Network

MARKET_SECONDS = 3.0


# When it was asked, and the fee history or gas price as the node gave it.
_markets: dict[int, tuple[float, Any]] = {}


def known_market(network: Network) -> Any | None:
    """What was asked within a block's time, MARKET_SECONDS at most."""
    asked_at, market = _markets.get(network.pk, (float("-inf"), None))
    fresh = time.monotonic() - asked_at < min(network.block_seconds, MARKET_SECONDS)
    return market if fresh else None


def market_request(network: Network) -> Request:
    """The call whose answer `keep_market` wants."""
    return fee_request(network)


def keep_market(network: Network, answer: Any) -> Any:
    """The answer, kept for others, or an error if there is none."""
    _markets[network.pk] = (time.monotonic(), usable(answer))
    return answer


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
