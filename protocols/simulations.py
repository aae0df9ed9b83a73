"""What a call that is not recorded would do on chain now, and cost."""

from dataclasses import dataclass

from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError, RpcError
from wallets.chain.fees import FeeCeilingExceeded, fee_request, read_fees
from wallets.chain.l1_fees import estimate_l1_fee
from wallets.chain.reverts import is_revert, revert_reason
from wallets.models import Transaction
from wallets.transactions.limits import read_limits
from wallets.transactions.look import fee_ceiling, message, with_headroom


@dataclass(frozen=True, slots=True)
class Simulated:
    """The most it may cost in wei; None, and why, where that is not known or it would revert."""

    fee: int | None
    problem: str = ""
    reverts: bool = False

    @classmethod
    def after(cls, step: int) -> "Simulated":
        """It needs what an earlier step does."""
        return cls(None, f"can be simulated once step {step} is done")


def simulate(client: NetworkClient, row: Transaction) -> Simulated:
    """Run it at the newest block, as its wallet. Raises ChainError where nobody answers."""
    asked = ("eth_estimateGas", [message(row.lane.wallet.address, row)])
    gas, market = client.read_many([asked, fee_request(client.network)])
    if isinstance(gas, RpcError) and is_revert(gas):
        return Simulated(None, f"it would revert: {revert_reason(gas)}", reverts=True)
    for answer in (gas, market):
        if isinstance(answer, ChainError):
            return Simulated(None, f"not simulated: {answer}")
    data = bytes(row.data)
    limit = with_headroom(hex_int(gas), is_call=bool(data))
    ceiling = fee_ceiling(row, read_limits(row.lane))
    try:
        fees = read_fees(client.network, market, urgency=row.urgency, ceiling=ceiling)
    except FeeCeilingExceeded as error:
        return Simulated(None, f"it would be held: {error}")
    return Simulated(limit * fees.max_fee_per_gas + estimate_l1_fee(client, data, limit))
