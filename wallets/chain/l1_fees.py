"""What rollups add to the price of the gas: the data fee of L1, and the fee of the operator."""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable
from wallets.chain.reverts import is_revert
from wallets.chain.rpc import Request
from wallets.models import Network

# https://docs.optimism.io and https://docs.scroll.io: getL1Fee(bytes) of each gas price oracle
ORACLES = {
    Network.L1FeeModel.OP_STACK: to_checksum_address("0x420000000000000000000000000000000000000f"),
    Network.L1FeeModel.SCROLL: to_checksum_address("0x5300000000000000000000000000000000000002"),
}
_GET_L1_FEE = bytes.fromhex("49948e0e")
# getOperatorFee(uint256 gas), since the OP stack's Isthmus upgrade.
_GET_OPERATOR_FEE = bytes.fromhex("275aedd2")
# Nonce, fees, addresses and signature beside the calldata. Oracles compress what they price since
# OP's Fjord upgrade: a run of equal bytes would count for next to nothing.
_ENVELOPE = b"".join(keccak(bytes([n])) for n in range(6))[:180].replace(b"\0", b"\xff")
_MILLION = 10**6

# The calldata of a transaction and its gas limit.
Call = tuple[bytes, int]


def estimate_l1_fee(client: NetworkClient, data: bytes, gas_limit: int) -> int:
    """What one transaction may cost beside its gas, in wei; see `estimate_l1_fees`."""
    return estimate_l1_fees(client, [(data, gas_limit)])[0]


def estimate_l1_fees(client: NetworkClient, calls: Sequence[Call]) -> list[int]:
    """What each transaction may cost beside its gas, in wei, from one batch of questions.

    The data fee with half as much again for the L1 base fee to rise, and the operator's fee for
    the whole gas limit, which nodes ask the sender to have. 0 where there are none.
    """
    model = Network.L1FeeModel(client.network.l1_fee_model)
    oracle = ORACLES.get(model)
    if oracle is None or not calls:
        return [0] * len(calls)
    data_fees = [_ask(oracle, _GET_L1_FEE + _encoded("bytes", _ENVELOPE + it)) for it, _ in calls]
    operators = [_ask(oracle, _GET_OPERATOR_FEE + _encoded("uint256", gas)) for _, gas in calls]
    has_operator = model is Network.L1FeeModel.OP_STACK
    answers = client.read_many([*data_fees, *(operators if has_operator else [])])
    fees = [_word(client, answer) * 3 // 2 for answer in answers[: len(calls)]]
    extra = [_operator_fee(client, answer) for answer in answers[len(calls) :]]
    return [fee + more for fee, more in zip(fees, extra or [0] * len(fees), strict=True)]


def fee_beside_gas(receipt: dict[str, Any], gas_used: int) -> int:
    """What a receipt says was taken beside the price of the gas, in wei.

    https://specs.optimism.io: the operator's part is per million of gas in Isthmus, and a hundred
    times its scalar per gas since Jovian, whose receipts tell of the footprint of their data.
    """
    fee, scalar, constant = (
        hex_int(receipt.get(name) or "0x0")
        for name in ("l1Fee", "operatorFeeScalar", "operatorFeeConstant")
    )
    is_jovian = receipt.get("daFootprintGasScalar") is not None
    per_gas = gas_used * scalar * 100 if is_jovian else gas_used * scalar // _MILLION
    return fee + per_gas + constant


def whole_fee(receipt: dict[str, Any], gas_price: int) -> int:
    """All that a transaction cost, in wei; by its own gas price where the receipt tells none."""
    gas = hex_int(receipt["gasUsed"])
    price = receipt.get("effectiveGasPrice")
    paid = gas * (gas_price if price is None else hex_int(price))
    return paid + fee_beside_gas(receipt, gas)


def _ask(oracle: ChecksumAddress, calldata: bytes) -> Request:
    message = {"from": oracle, "to": oracle, "data": "0x" + calldata.hex()}
    return ("eth_call", [message, "latest"])


def _encoded(kind: str, value: object) -> bytes:
    return encode([kind], [value])


def _operator_fee(client: NetworkClient, answer: Any) -> int:
    # An oracle from before the upgrade does not know the question.
    if isinstance(answer, RpcError) and is_revert(answer):
        return 0
    return _word(client, answer)


def _word(client: NetworkClient, answer: Any) -> int:
    if isinstance(answer, ChainError):
        raise answer
    word = hex_bytes(answer)
    if len(word) != 32:
        # No contract there: the network is not of the kind it is registered as.
        oracle = ORACLES[Network.L1FeeModel(client.network.l1_fee_model)]
        raise RpcUnavailable(
            f"{client.network.name} has no L1 fee oracle at {oracle}; correct its L1 fee model"
        )
    return int.from_bytes(word)
