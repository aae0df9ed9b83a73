"""What a plain transfer of the native coin may cost at most, so that all the rest can go."""

from eth_typing import ChecksumAddress

from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.fees import fee_request, read_fees
from wallets.chain.l1_fees import estimate_l1_fee

_EIGHTHS = 9


def highest_transfer_fee(
    client: NetworkClient, sender: ChecksumAddress, to: ChecksumAddress, urgency: str
) -> int:
    """The most a transfer may cost in wei when it is signed; ChainError where that is not known.

    As the pipeline will quote it, and an eighth more: the next block may ask that much.
    """
    message = {"from": sender, "to": to, "value": "0x1"}
    estimated, asked = client.read_many(
        [("eth_estimateGas", [message]), fee_request(client.network)]
    )
    gas = hex_int(_usable(estimated)) * 6 // 5
    fees = read_fees(client.network, _usable(asked), urgency=urgency, ceiling=None)
    fee = gas * fees.max_fee_per_gas + estimate_l1_fee(client, b"", gas)
    return -(-fee * _EIGHTHS // 8)


def _usable(answer: object) -> object:
    if isinstance(answer, RpcError):
        raise RpcUnavailable(f"the node refused a question: {answer}")
    if isinstance(answer, ChainError):
        raise answer
    return answer
