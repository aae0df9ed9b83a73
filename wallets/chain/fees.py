"""What a transaction should offer for its gas, from the chain's own history."""

from dataclasses import dataclass
from typing import Any

from wallets.chain.errors import RpcUnavailable
from wallets.chain.rpc import Request
from wallets.chain.values import hex_int
from wallets.models import Network, Transaction

HISTORY_BLOCKS = 10
PERCENTILES = [10, 50, 90]
_PERCENTILE_OF = {
    Transaction.Urgency.SLOW: 0,
    Transaction.Urgency.NORMAL: 1,
    Transaction.Urgency.FAST: 2,
}
# Of what a node asks on a network without tips: nothing more, an eighth more, half as much again.
_EIGHTHS_OF = {
    Transaction.Urgency.SLOW: 8,
    Transaction.Urgency.NORMAL: 9,
    Transaction.Urgency.FAST: 12,
}
# Where the history shows no tips at all: a tenth of the base fee, between what a default geth
# miner asks (0.001 gwei) and 1 gwei.
LEAST_TIP = 10**6
MOST_TIP = 10**9


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
        offer = _eighths(price, _EIGHTHS_OF[Transaction.Urgency(urgency)])
        return _within(FeeQuote(offer, offer, price), ceiling, least=price)
    try:
        base = hex_int(answer["baseFeePerGas"][-1])
        rewards = [row[_PERCENTILE_OF[Transaction.Urgency(urgency)]] for row in answer["reward"]]
    except (KeyError, IndexError, TypeError):
        raise RpcUnavailable(f"{network.name} gave no usable fee history") from None
    tip = _typical(sorted(hex_int(reward) for reward in rewards), base)
    # Twice the base fee survives six full blocks in a row.
    quote = FeeQuote(2 * base + tip, tip, base + tip)
    return _within(quote, ceiling, least=_eighth_more(base) + tip)


def replacement(old_max: int, old_tip: int, market_max: int, market_tip: int) -> tuple[int, int]:
    """The max fee and tip with which nodes let a transaction replace one of the same nonce.

    Both fields rise by an eighth, rounded up, and at least to the market: nodes ask for a tenth
    more in each. On a legacy network both fields are the gas price, and stay equal.
    """
    tip = max(_eighth_more(old_tip), old_tip + 1, market_tip)
    # A max below the tip is no valid transaction, and a smaller tip would not replace.
    return max(_eighth_more(old_max), old_max + 1, market_max, tip), tip


def _eighth_more(wei: int) -> int:
    """1.125 times as much, rounded up: one wei less is refused as underpriced, again and again."""
    return _eighths(wei, 9)


def _eighths(wei: int, eighths: int) -> int:
    """So many eighths of it, rounded up."""
    return -(-wei * eighths // 8)


def _typical(rewards: list[int], base: int) -> int:
    """The median of the blocks that paid a tip at all (empty blocks report 0)."""
    paid = [reward for reward in rewards if reward]
    return paid[len(paid) // 2] if paid else min(max(base // 10, LEAST_TIP), MOST_TIP)


def _within(quote: FeeQuote, ceiling: int | None, *, least: int) -> FeeQuote:
    if ceiling is None or quote.max_fee_per_gas <= ceiling:
        return quote
    if least > ceiling:
        raise FeeCeilingExceeded(
            f"the market asks {least} wei per gas, the ceiling is {ceiling}; it waits until "
            "gas is cheaper or the ceiling is raised"
        )
    return FeeQuote(ceiling, min(quote.max_priority_fee_per_gas, ceiling), quote.market)
