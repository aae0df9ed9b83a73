"""What a plan's lines may cost, asked of the chains for the preview; unknown stays unknown."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.models import PlanLine
from scheduling.plans.calls import as_transaction, call_of
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError, RpcError
from wallets.chain.fees import fee_request, read_fees
from wallets.chain.l1_fees import estimate_l1_fees
from wallets.chain.reverts import is_revert, revert_reason
from wallets.chain.rpc import Request
from wallets.models import Network, Transaction
from wallets.transactions.look import message, with_headroom


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most a line may cost in wei, as the market is now; None, and why, if not known."""

    fee: int | None
    problem: str = ""


def estimate_fees(lines: Sequence[PlanLine]) -> dict[int, Estimate]:
    """An estimate for each line, by its key; one batch of questions for each network."""
    found: dict[int, Estimate] = {}
    for network in dict.fromkeys(line.token.network for line in lines):
        here = [line for line in lines if line.token.network_id == network.pk]
        try:
            found |= _of_network(network, here)
        except ChainError as error:
            found |= {line.pk: Estimate(None, f"the fee is unknown: {error}") for line in here}
    return found


def _of_network(network: Network, lines: Sequence[PlanLine]) -> dict[int, Estimate]:
    client = NetworkClient(network)
    asked: list[Request] = [("eth_estimateGas", [_message(line)]) for line in lines]
    *answers, market = client.read_many([*asked, fee_request(network)])
    if isinstance(market, ChainError):
        raise market
    limits = [_gas_limit(answer, line) for answer, line in zip(answers, lines, strict=True)]
    known = [limit or 0 for limit in limits]
    data = [call_of(line)[2] for line in lines]
    extra = estimate_l1_fees(client, list(zip(data, known, strict=True)))
    return {
        line.pk: _estimate(line, limit, more, answer, market)
        for line, limit, more, answer in zip(lines, limits, extra, answers, strict=True)
    }


def _message(line: PlanLine) -> dict[str, str]:
    row = as_transaction(line)
    if line.everything:
        row.value = 1
    return message(line.wallet.address, row)


def _gas_limit(answer: object, line: PlanLine) -> int | None:
    if isinstance(answer, ChainError):
        return None
    return with_headroom(hex_int(answer), is_call=not line.token.is_native)


def _estimate(
    line: PlanLine, limit: int | None, l1_fee: int, answer: object, market: object
) -> Estimate:
    if limit is None:
        return Estimate(None, _refusal(answer))
    urgency = Transaction.Urgency(line.plan.urgency)
    fees = read_fees(line.token.network, market, urgency=urgency, ceiling=None)
    return Estimate(limit * fees.max_fee_per_gas + l1_fee)


def _refusal(answer: object) -> str:
    if isinstance(answer, RpcError) and is_revert(answer):
        return f"it would revert now: {revert_reason(answer)}"
    return f"the fee is unknown: {answer}"
