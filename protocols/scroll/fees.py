"""The fee of a message from L1 to L2, as L1MessageQueueV2 takes it at the block of the call.

It is gas limit x (base fee x scalar / 1e18 + overhead). Nodes may answer a question without a gas
price as if the base fee were zero, so the base fee is read from the block and not left to them.
"""

from dataclasses import dataclass

from protocols.actions import CallReceipt, Context, PlanError
from protocols.contracts import Contract
from protocols.params import MOST_GAS
from protocols.scroll.sides import CONFIG_ABI, L1_QUEUE, L1_QUEUE_ABI, contract
from wallets.addresses import parse_address

_PRECISION = 10**18
_QUEUED = L1_QUEUE_ABI.event("QueueTransaction")


@dataclass(frozen=True, slots=True)
class FeeRule:
    """The parameters of the system's configuration."""

    most_gas: int
    overhead: int
    scalar: int

    def fee(self, gas_limit: int, base_fee: int) -> int:
        """What the queue asks for at a base fee."""
        return gas_limit * (base_fee * self.scalar // _PRECISION + self.overhead)


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What to send along, and the gas price up to which it is enough; the rest comes back."""

    value: int
    max_fee_per_gas: int


def quote_fee(l1: Context, gas_limit: int) -> FeeQuote:
    """The fee at twice what gas costs now; a call that offers no more cannot fail of it."""
    queue, price = contract(l1, L1_QUEUE), 2 * max(l1.chain.gas_price(), l1.chain.base_fee())
    rule = _rule(queue)
    if gas_limit > rule.most_gas:
        raise PlanError(
            f"the bridge takes messages of at most {rule.most_gas} gas, {gas_limit} are asked for; "
            "choose less"
        )
    at_least: int = queue.read("estimateCrossDomainMessageFee", gas_limit)
    return FeeQuote(max(at_least, rule.fee(gas_limit, price)), price)


def most_gas(l1: Context) -> int:
    """The most gas a message may have, as the bridge and we see it."""
    return min(MOST_GAS, _rule(contract(l1, L1_QUEUE)).most_gas)


def fee_taken(l1: Context, receipt: CallReceipt) -> int:
    """What the queue took from a call that queued messages, at that call's block."""
    total = 0
    for log in receipt.logs:
        if said := _QUEUED.decode(log):
            rule = _rule(Contract(l1, log.address, L1_QUEUE_ABI))
            total += rule.fee(said["gasLimit"], l1.chain.base_fee(receipt.block_number))
    return total


def _rule(queue: Contract) -> FeeRule:
    config = Contract(queue.ctx, parse_address(queue.read("systemConfig")), CONFIG_ABI)
    return FeeRule(*config.read("messageQueueParameters"))
