"""What a turn of a lane asks the chain, in one batch: the account, the market, and simulations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import FeeQuote, fee_request, read_fees
from wallets.chain.l1_fees import estimate_l1_fee
from wallets.chain.reverts import is_revert, revert_reason
from wallets.chain.rpc import Request
from wallets.models import Limit, NonceLane, Transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.policy import limits_for


class SimulationRefused(Exception):
    """The call would revert; the sentence holds the decoded reason. Nothing was spent."""


@dataclass(frozen=True, slots=True)
class Look:
    """One consistent look at the lane's account and at the market."""

    block: int
    mined: int  # transactions of the account in blocks: the next nonce the chain expects
    pending: int  # the same with what the node holds in its pool
    balance: int
    fee_answer: Any
    answers: dict[int, tuple[Any, ...]]  # transaction id -> what its simulation said

    def fees(self, row: Transaction) -> FeeQuote:
        """What the transaction should offer, within its ceilings; FeeCeilingExceeded above."""
        return read_fees(
            row.network, self.fee_answer, urgency=row.urgency, ceiling=fee_ceiling(row)
        )

    def market(self, row: Transaction) -> FeeQuote:
        """What the network asks now, whatever the ceilings say."""
        return read_fees(row.network, self.fee_answer, urgency=row.urgency, ceiling=None)


@dataclass(frozen=True, slots=True)
class Quote:
    """What one transaction needs, from one look taken just before signing."""

    block: int
    gas_limit: int
    fees: FeeQuote
    balance: int
    code_hash: str
    l1_fee: int

    @property
    def highest_fee(self) -> int:
        """The most the transaction can cost in wei, its value apart."""
        return self.gas_limit * self.fees.max_fee_per_gas + self.l1_fee


def take_look(lane: NonceLane, rows: Sequence[Transaction], client: NetworkClient) -> Look:
    """Ask everything about the lane and simulate `rows`, in one batch."""
    address = lane.wallet.address
    account: list[Request] = [
        ("eth_getTransactionCount", [address, "latest"]),
        ("eth_getTransactionCount", [address, "pending"]),
        ("eth_getBalance", [address, "latest"]),
        ("eth_blockNumber", []),
        fee_request(lane.network),
    ]
    simulations = [request for row in rows for request in _simulation(address, row)]
    answers = client.read_many([*account, *simulations])
    mined, pending, balance, block, fee = (usable(answer) for answer in answers[: len(account)])
    rest = answers[len(account) :]
    look = Look(
        block=hex_int(block),
        mined=hex_int(mined),
        pending=hex_int(pending),
        balance=hex_int(balance),
        fee_answer=fee,
        answers={row.pk: tuple(rest[3 * n : 3 * n + 3]) for n, row in enumerate(rows)},
    )
    reached(Point.CHAIN_ASKED)
    return look


def read_quote(row: Transaction, look: Look, client: NetworkClient) -> Quote:
    """The quote of a row of the look; SimulationRefused or FeeCeilingExceeded where there is none.

    Rollups with an oracle for their data fee are asked once more.
    """
    call, gas, code = look.answers[row.pk]
    _passed(call)
    return Quote(
        block=look.block,
        gas_limit=with_headroom(hex_int(_passed(gas))),
        fees=look.fees(row),
        balance=look.balance,
        code_hash=_code_hash(hex_bytes(usable(code))),
        l1_fee=estimate_l1_fee(client, bytes(row.data)),
    )


def fee_ceiling(row: Transaction) -> int | None:
    """The lowest ceiling, in wei per gas, that covers the transaction."""
    ceilings = limits_for(row, Limit.Kind.MAX_FEE_PER_GAS)
    if row.max_fee_ceiling is not None:
        ceilings.append(row.max_fee_ceiling)
    return min(ceilings, default=None)


def with_headroom(gas: int) -> int:
    """A fifth more than estimated: state may move before the block; unused gas costs nothing."""
    return gas * 6 // 5


def usable(answer: Any) -> Any:
    """The answer, or an error: a node that refuses a question has not answered it."""
    if isinstance(answer, RpcError):
        raise RpcUnavailable(f"the node refused a question: {answer}")
    if isinstance(answer, ChainError):
        raise answer
    return answer


def _simulation(address: str, row: Transaction) -> list[Request]:
    message = {
        "from": address,
        "to": row.to,
        "value": hex(row.value),
        "data": "0x" + bytes(row.data).hex(),
    }
    return [
        ("eth_call", [message, "latest"]),
        ("eth_estimateGas", [message]),
        ("eth_getCode", [row.to, "latest"]),
    ]


def _passed(answer: Any) -> Any:
    """The result of a simulated call; a revert refuses the transaction with its reason."""
    if isinstance(answer, RpcError) and is_revert(answer):
        raise SimulationRefused(f"it would revert: {revert_reason(answer)}")
    return usable(answer)


def _code_hash(code: bytes) -> str:
    return "0x" + keccak(code).hex() if code else ""
