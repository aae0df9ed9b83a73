"""What a transaction should offer for its gas, from the chain's own history."""

from dataclasses import dataclass
from typing import Any

from wallets.chain.client import hex_int
from wallets.chain.errors import RpcUnavailable
from wallets.chain.rpc import Request
from wallets.models import Network, Transaction

HISTORY_BLOCKS = 10
PERCENTILES = [10, 50, 90]
_PERCENTILE_OF = {
    Transaction.Urgency.SLOW: 0,
    Transaction.Urgency.NORMAL: 1,
    Transaction.Urgency.FAST: 2,
}
# 1 gwei: for a young chain whose history shows no tips at all.
FALLBACK_TIP = 10**9


class FeeCeilingExceeded(Exception):
    """The market is above the ceiling: hold and say so, never offer less than can be mined."""


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What to offer per gas, in wei. `market` is what the next block is likely to ask."""

    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    market: int


def fee_request(network: Network) -> Request:
    """The JSON-RPC call whose answer `read_fees` understands."""
    if network.fee_model == Network.FeeModel.LEGACY:
        return ("eth_gasPrice", [])
    return ("eth_feeHistory", [hex(HISTORY_BLOCKS), "latest", PERCENTILES])


def read_fees(network: Network, answer: Any, *, urgency: str, ceiling: int | None) -> FeeQuote:
    """A quote within the ceiling, or FeeCeilingExceeded."""
    if network.fee_model == Network.FeeModel.LEGACY:
        price = hex_int(answer)
        quote = FeeQuote(-(-price * 9 // 8), -(-price * 9 // 8), price)
        return _within(quote, ceiling, least=price)
    try:
        base = hex_int(answer["baseFeePerGas"][-1])
        rewards = [row[_PERCENTILE_OF[Transaction.Urgency(urgency)]] for row in answer["reward"]]
    except (KeyError, IndexError, TypeError):
        raise RpcUnavailable(f"{network.name} gave no usable fee history") from None
    tip = _typical(sorted(hex_int(reward) for reward in rewards))
    # Twice the base fee survives six full blocks in a row.
    quote = FeeQuote(2 * base + tip, tip, base + tip)
    return _within(quote, ceiling, least=-(-base * 9 // 8) + tip)


def replacement(old_max: int, old_tip: int, market_max: int, market_tip: int) -> tuple[int, int]:
    """What nodes take in place of (old_max, old_tip): an eighth more in both, or the market."""
    tip = max(-(-old_tip * 9 // 8), old_tip + 1, market_tip)
    return max(-(-old_max * 9 // 8), old_max + 1, market_max, tip), tip


def _typical(rewards: list[int]) -> int:
    """The median of the blocks that paid a tip at all (empty blocks report 0)."""
    paid = [reward for reward in rewards if reward]
    return paid[len(paid) // 2] if paid else FALLBACK_TIP


def _within(quote: FeeQuote, ceiling: int | None, *, least: int) -> FeeQuote:
    if ceiling is None or quote.max_fee_per_gas <= ceiling:
        return quote
    if least > ceiling:
        raise FeeCeilingExceeded(
            f"the market asks {least} wei per gas, the ceiling is {ceiling}; it waits until "
            "gas is cheaper or the ceiling is raised"
        )
    return FeeQuote(ceiling, min(quote.max_priority_fee_per_gas, ceiling), quote.market)
