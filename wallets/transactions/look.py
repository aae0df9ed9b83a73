"""What a turn of a lane asks the chain, in one batch: the account, the market, and simulations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.crypto import keccak

from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import FeeCeilingExceeded, FeeQuote, read_fees
from wallets.chain.l1_fees import Call, estimate_l1_fees
from wallets.chain.reverts import is_revert, revert_data, revert_reason
from wallets.chain.rpc import Request
from wallets.models import Limit, Network, NonceLane, Transaction
from wallets.transactions import market
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.market import usable
from wallets.transactions.points import Point, reached

# Two storage slots from zero (EIP-2929: 22,100 each), and some.
NEW_SLOTS_GAS = 60_000


class SimulationRefused(Exception):
    """The call would revert; the sentence holds the decoded reason. Nothing was spent."""


@dataclass(frozen=True, slots=True)
class Look:
    """One consistent look at the lane's account and at the market."""

    mined: int  # transactions of the account in blocks: the next nonce the chain expects
    pending: int  # the same with what the node holds in its pool
    balance: int
    head: int
    asked: Any  # fee history or gas price, as `wallets.chain.fees` reads it
    gas_answers: dict[int, Any]  # transaction id -> what its simulation said
    code_hashes: dict[str, str]
    limits: Limits  # for quoting; what is signed is checked against them as they stand then

    def fees(self, row: Transaction) -> FeeQuote:
        """What the transaction should offer, within its ceilings; FeeCeilingExceeded above."""
        return self._fees(row, fee_ceiling(row, self.limits))

    def market(self, row: Transaction) -> FeeQuote:
        """What the network asks now, whatever the ceilings say."""
        return self._fees(row, None)

    def _fees(self, row: Transaction, ceiling: int | None) -> FeeQuote:
        return read_fees(row.network, self.asked, urgency=row.urgency, ceiling=ceiling)


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
    """Ask everything about the lane and simulate `rows`, in one batch.

    Gas estimation runs the whole call: it is the simulation.
    """
    network, address = lane.network, lane.wallet.address
    known = market.known_market(network)
    called = list(dict.fromkeys(row.to for row in rows if row.data))
    requests: list[Request] = [
        ("eth_getTransactionCount", [address, "latest"]),
        ("eth_getTransactionCount", [address, "pending"]),
        ("eth_getBalance", [address, "latest"]),
        ("eth_blockNumber", []),
        *(("eth_estimateGas", [message(address, row)]) for row in rows),
        *(("eth_getCode", [to, "latest"]) for to in called),
        *([] if known else [market.market_request(network)]),
    ]
    answers = iter(client.read_many(requests))
    mined, pending, balance, head = (hex_int(usable(next(answers))) for _ in range(4))
    require_seen(network, head)
    gas_answers = {row.pk: next(answers) for row in rows}
    code_hashes = {to: _code_hash(next(answers)) for to in called}
    asked = known or market.keep_market(network, next(answers))
    reached(Point.CHAIN_ASKED)
    return Look(
        mined=mined,
        pending=pending,
        balance=balance,
        head=head,
        asked=asked,
        gas_answers=gas_answers,
        code_hashes=code_hashes,
        limits=read_limits(lane),
    )


def require_seen(network: Network, head: int) -> None:
    """RpcUnavailable from a node that does not know yet what another has told already.

    It would say that an approval is not there, or that a sent transaction is gone.
    """
    if network.watched_number is not None and head < network.watched_number:
        raise RpcUnavailable(
            f"the node is at block {head}, {network.name} was seen at {network.watched_number}"
        )


def _without_l1_fee(row: Transaction, look: Look, client: NetworkClient) -> Quote:
    client.require_audience(private_only=row.private_only)
    gas = simulated_gas(row, look.gas_answers[row.pk], client)
    gas_limit = with_headroom(gas, is_call=bool(row.data))
    return Quote(
        block=look.head,
        gas_limit=gas_limit,
        fees=look.fees(row),
        balance=look.balance,
        code_hash=look.code_hashes.get(row.to, ""),
        l1_fee=0,
    )


def read_quotes(
    rows: Iterable[Transaction], look: Look, client: NetworkClient, *, most: int
) -> list[tuple[Transaction, Quote | Exception]]:
    """The quotes of rows of the look, until `most` have one.

    In the place of a quote: SimulationRefused, FeeCeilingExceeded or ChainError. Rollups with an
    oracle for their data fee are asked once more, in one batch for all of them.
    """
    found: list[tuple[Transaction, Quote | Exception]] = []
    for row in rows:
        found.append((row, _told_of(row, look, client)))
        if sum(isinstance(told, Quote) for _, told in found) == most:
            break
    return _with_l1_fees(found, client)


def _told_of(row: Transaction, look: Look, client: NetworkClient) -> Quote | Exception:
    try:
        return _without_l1_fee(row, look, client)
    except (SimulationRefused, FeeCeilingExceeded, ChainError) as error:
        return error


def _with_l1_fees(
    found: list[tuple[Transaction, Quote | Exception]], client: NetworkClient
) -> list[tuple[Transaction, Quote | Exception]]:
    calls: list[Call] = [
        (bytes(row.data), told.gas_limit) for row, told in found if isinstance(told, Quote)
    ]
    try:
        fees = iter(estimate_l1_fees(client, calls))
    except ChainError as error:
        return [(row, error if isinstance(told, Quote) else told) for row, told in found]
    return [
        (row, replace(told, l1_fee=next(fees)) if isinstance(told, Quote) else told)
        for row, told in found
    ]


def fee_ceiling(row: Transaction, limits: Limits, *, freeing: bool = False) -> int | None:
    """The lowest ceiling, in wei per gas, that covers the transaction.

    The task's own is for what it wants done; what only frees a nonce (`freeing`) has the limits'.
    """
    ceilings = limits.amounts(row, Limit.Kind.MAX_FEE_PER_GAS)
    if row.max_fee_ceiling is not None and not freeing:
        ceilings.append(row.max_fee_ceiling)
    return min(ceilings, default=None)


def with_headroom(gas: int, *, is_call: bool = False) -> int:
    """A fifth more than estimated, for state may move before the block; unused gas costs nothing.

    A call may also write slots that its simulation did not: a new pool's first trade in a later
    second makes two, and a fifth of a swap does not pay for them.
    """
    return max(gas * 6 // 5, gas + NEW_SLOTS_GAS if is_call else 0)


def message(address: str, row: Transaction) -> dict[str, str]:
    """The transaction as nodes are asked about it."""
    return {
        "from": address,
        "to": row.to,
        "value": hex(row.value),
        "data": "0x" + bytes(row.data).hex(),
    }


def _code_hash(answer: Any) -> str:
    code = hex_bytes(usable(answer))
    return "0x" + keccak(code).hex() if code else ""


def simulated_gas(row: Transaction, answer: Any, client: NetworkClient) -> int:
    """The gas of a simulated call; SimulationRefused with the reason of a revert."""
    if isinstance(answer, RpcError) and is_revert(answer):
        raise SimulationRefused(f"it would revert: {revert_reason(_told(row, answer, client))}")
    return hex_int(usable(answer))


def _told(row: Transaction, refusal: RpcError, client: NetworkClient) -> RpcError:
    """The refusal with the contract's own words: some nodes give them for a call only."""
    if revert_data(refusal):
        return refusal
    call = [message(row.lane.wallet.address, row), "latest"]
    answer = client.read_many([("eth_call", call)])[0]
    return answer if isinstance(answer, RpcError) and is_revert(answer) else refusal
