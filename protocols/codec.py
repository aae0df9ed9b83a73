"""Contract calls and event logs by their Solidity signatures."""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress
from eth_utils.abi import event_signature_to_log_topic, function_signature_to_4byte_selector

from protocols.actions import Context, Log, PlanError
from wallets.addresses import parse_address


def encode_call(signature: str, *arguments: Any) -> bytes:
    """Calldata of `name(type,…)` with these arguments."""
    return function_signature_to_4byte_selector(signature) + encode(
        argument_types(signature), arguments
    )


def argument_types(signature: str) -> list[str]:
    """The types between the brackets; tuples are not used here."""
    inside = signature[signature.index("(") + 1 : -1]
    return inside.split(",") if inside else []


def read(
    ctx: Context, to: ChecksumAddress, signature: str, returns: Sequence[str], *arguments: Any
) -> tuple[Any, ...]:
    """Ask a view function; PlanError when the contract gives no such answer."""
    answer = ctx.chain.call(to, encode_call(signature, *arguments), sender=ctx.wallet)
    try:
        return decode(returns, answer)
    except DecodingError as error:
        raise PlanError(f"{to} does not answer {signature} as it should") from error


def topic(signature: str) -> bytes:
    """The first topic of an event's logs."""
    return bytes(event_signature_to_log_topic(signature))


def topic_address(log: Log, place: int) -> ChecksumAddress:
    """The address in an indexed argument."""
    return parse_address("0x" + log.topics[place][-20:].hex())


def data_amount(log: Log) -> int:
    """The one uint256 in a log's data."""
    return int.from_bytes(log.data[:32])
