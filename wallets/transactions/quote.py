"""What the chain says about a transaction right now: simulation, gas, fees, funds, nonces."""

from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import FeeQuote, fee_request, read_fees
from wallets.chain.l1_fees import estimate_l1_fee
from wallets.chain.reverts import is_revert, revert_reason
from wallets.models import Limit, NonceLane, Transaction
from wallets.transactions.policy import limits_for


class SimulationRefused(Exception):
    """The call would revert; the sentence holds the decoded reason. Nothing was spent."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One consistent look at the chain, taken in one batch just before signing."""

    block: int
    gas_limit: int
    fees: FeeQuote
    balance: int
    chain_nonce: int
    code_hash: str
    l1_fee: int

    @property
    def highest_fee(self) -> int:
        """The most the transaction can cost in wei, its value apart."""
        return self.gas_limit * self.fees.max_fee_per_gas + self.l1_fee


def take_quote(lane: NonceLane, transaction: Transaction, client: NetworkClient) -> Quote:
    """Simulate and price the transaction at the newest block."""
    message = _message(lane, transaction)
    address = lane.wallet.address
    call, gas, fee, balance, nonce, code, block = client.read_many(
        [
            ("eth_call", [message, "latest"]),
            ("eth_estimateGas", [message]),
            fee_request(lane.network),
            ("eth_getBalance", [address, "latest"]),
            ("eth_getTransactionCount", [address, "latest"]),
            ("eth_getCode", [transaction.to, "latest"]),
            ("eth_blockNumber", []),
        ]
    )
    ceilings = limits_for(transaction, Limit.Kind.MAX_FEE_PER_GAS)
    if transaction.max_fee_ceiling is not None:
        ceilings.append(transaction.max_fee_ceiling)
    _passed(call)
    return Quote(
        block=hex_int(_usable(block)),
        gas_limit=_with_headroom(hex_int(_passed(gas))),
        fees=read_fees(
            lane.network,
            _usable(fee),
            urgency=transaction.urgency,
            ceiling=min(ceilings, default=None),
        ),
        balance=hex_int(_usable(balance)),
        chain_nonce=hex_int(_usable(nonce)),
        code_hash=_code_hash(hex_bytes(_usable(code))),
        l1_fee=estimate_l1_fee(client, bytes(transaction.data)),
    )


def _message(lane: NonceLane, transaction: Transaction) -> dict[str, Any]:
    return {
        "from": lane.wallet.address,
        "to": transaction.to,
        "value": hex(transaction.value),
        "data": "0x" + bytes(transaction.data).hex(),
    }


def _passed(answer: Any) -> Any:
    """The result of a simulated call; a revert refuses the transaction with its reason."""
    if isinstance(answer, RpcError) and is_revert(answer):
        raise SimulationRefused(f"it would revert: {revert_reason(answer)}")
    return _usable(answer)


def _usable(answer: Any) -> Any:
    if isinstance(answer, RpcError):
        raise RpcUnavailable(f"the node refused a question: {answer}")
    if isinstance(answer, ChainError):
        raise answer
    return answer


def _with_headroom(gas: int) -> int:
    """A fifth more than estimated: state may move before the block; unused gas costs nothing."""
    return gas * 6 // 5


def _code_hash(code: bytes) -> str:
    return "0x" + keccak(code).hex() if code else ""
