"""What a request from L1 to L2 costs, and what every such request must be at signing."""

from dataclasses import dataclass, replace
from datetime import datetime

from eth_typing import ChecksumAddress

from protocols.actions import Call, Context, PlanError
from protocols.contracts import Contract
from protocols.zksync.contracts import ETHER, L2_OF, MAILBOX, bridgehub, l2_of
from wallets.chain.values import hex_int
from wallets.transactions.arguments import Constant, Sender, Unchecked
from wallets.transactions.demands import Check
from wallets.transactions.shapes import ConstantHere

# REQUIRED_L1_TO_L2_GAS_PER_PUBDATA of zksync-ethers; the mailbox takes no other.
GAS_PER_PUBDATA = 800
# So long a price is good for.
FRESH_SECONDS = 600

TO_OUR_L2 = ConstantHere(path=(0, 0), values=tuple(L2_OF.items()))
PAID = Unchecked(
    path=(0, 1),
    reason="the bridge demands that it is the value sent along; what is left returns to the wallet",
)
_GAS_WHY = "what is not used of it returns to the refund recipient, which is the wallet"


def terms(gas: int, pubdata: int, refund: int) -> tuple[Check, ...]:
    """The checks of a request's gas limit, gas per pubdata and refund recipient, by place."""
    return (
        Unchecked(path=(0, gas), reason=_GAS_WHY),
        Constant(path=(0, pubdata), value=str(GAS_PER_PUBDATA)),
        Sender(path=(0, refund)),
    )


@dataclass(frozen=True, slots=True)
class Execution:
    """What a request has done on L2: the call of a contract there by somebody."""

    sender: ChecksumAddress
    target: ChecksumAddress
    value: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Price:
    """What an execution needs: L2 gas, and what L1 takes for it in wei."""

    hub: Contract
    l2_chain: int
    mailbox: ChecksumAddress
    gas_limit: int
    base_cost: int
    # Up to which the base cost is enough, in wei per gas of L1.
    gas_price: int
    until: datetime

    def bound(self, call: Call) -> Call:
        """The request, never sent for more per gas than its fee was reckoned with."""
        return replace(call, valid_until=self.until, max_fee_per_gas=self.gas_price)


def price_of(ctx: Context, execution: Execution) -> Price:
    """The price of an execution on the L2 of this L1, after seeing that a request would fit."""
    l2_chain, hub = l2_of(ctx), bridgehub(ctx)
    _require_plain_wallet(ctx)
    gas_limit, gas_price = _gas_limit(ctx.on(l2_chain), execution), _highest_gas_price(ctx)
    cost: int = hub.read("l2TransactionBaseCost", l2_chain, gas_price, gas_limit, GAS_PER_PUBDATA)
    return Price(
        hub=hub,
        l2_chain=l2_chain,
        mailbox=_mailbox(ctx, hub, l2_chain),
        gas_limit=gas_limit,
        base_cost=cost,
        gas_price=gas_price,
        until=ctx.later(FRESH_SECONDS).replace(microsecond=0),
    )


def _highest_gas_price(ctx: Context) -> int:
    """The most the transaction is to pay per gas once it is mined.

    The mailbox prices the request at the gas price of the block that takes it, and reverts where
    less was sent. A transaction offers twice the base fee, an eighth more when it is bumped, and
    never more than this. What turns out to be too much comes back on L2.
    """
    return ctx.chain.gas_price() * 5 // 2


def _gas_limit(l2: Context, execution: Execution) -> int:
    """What the L2 node estimates, and a fifth more: a request with too little fails for good."""
    question = {
        "type": "0x71",
        "from": execution.sender,
        "to": execution.target,
        "value": hex(execution.value),
        "data": f"0x{execution.data.hex()}",
        "eip712Meta": {"gasPerPubdata": hex(GAS_PER_PUBDATA)},
    }
    return hex_int(l2.chain.ask("zks_estimateGasL1ToL2", question)) * 6 // 5


def _mailbox(ctx: Context, hub: Contract, l2_chain: int) -> ChecksumAddress:
    """The contract that logs requests, and ether as what they are paid in; else PlanError."""
    mailbox = ctx.deployment(MAILBOX)
    if hub.read("getZKChain", l2_chain) != mailbox:
        raise PlanError(
            f"the bridge does not take requests to chain {l2_chain} through {mailbox} any more; "
            f"register the new {MAILBOX}"
        )
    if hub.read("baseToken", l2_chain) != ETHER:
        raise PlanError(f"chain {l2_chain} is not paid in ether; deposits to it are not known here")
    return mailbox


def _require_plain_wallet(ctx: Context) -> None:
    """Refuse a wallet with code: the bridge would refund to its alias on L2, which has no key."""
    if ctx.chain.code(ctx.wallet):
        raise PlanError(
            f"{ctx.wallet} has code on chain {ctx.chain_id} (a delegation?): the bridge would send "
            "refunds to an address nobody has; remove the delegation or use another wallet"
        )
