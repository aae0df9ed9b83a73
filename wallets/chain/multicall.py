"""Many balances with few questions, all at one block: Multicall3, or batches where there is none.

Multicall3 (https://github.com/mds1/multicall3): `aggregate3((address,bool,bytes)[])` runs calls in
one `eth_call` and tells of each whether it went through.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress

from wallets.addresses import parse_address
from wallets.chain.client import Block, NetworkClient, hex_bytes, hex_int, parse_block
from wallets.chain.codec import CODEC
from wallets.chain.errors import ChainError, RpcUnavailable
from wallets.chain.rpc import Request

AGGREGATE3 = bytes.fromhex("82ad56cb")
GET_ETH_BALANCE = bytes.fromhex("4d2301cc")
BALANCE_OF = bytes.fromhex("70a08231")
# 500 balances are some 15 million gas and 80 kB: below every node's cap for a call.
CALLS_PER_AGGREGATE = 500
AGGREGATES_PER_REQUEST = 4


@dataclass(frozen=True, slots=True)
class Holding:
    """Whose balance of what; an empty token is the native coin."""

    owner: ChecksumAddress
    token: ChecksumAddress | None


@dataclass(frozen=True, slots=True)
class Balances:
    """Amounts in base units as they were at one block; None where the chain gave no number."""

    block: Block
    amounts: tuple[int | None, ...]


def read_balances(client: NetworkClient, holdings: Sequence[Holding]) -> Balances:
    """The balance of each holding, in order, all at the newest block.

    RpcUnavailable when nobody answers, or when that block was replaced meanwhile: a snapshot never
    mixes two chains.
    """
    block, multicall = _ground(client)
    if multicall is not None:
        amounts = _aggregated(client, multicall, holdings, hex(block.number))
    else:
        amounts = _batched(client, holdings, hex(block.number))
    found = client.block(block.number)
    if found.hash != block.hash:
        raise RpcUnavailable(f"block {block.number} was replaced while balances were read at it")
    return Balances(block, tuple(amounts))


def _ground(client: NetworkClient) -> tuple[Block, ChecksumAddress | None]:
    """The block to read at, and the Multicall3 that stands there."""
    address = client.network.multicall_address
    requests: list[Request] = [("eth_getBlockByNumber", ["latest", False])]
    if address:
        requests.append(("eth_getCode", [address, "latest"]))
    head, *code = client.read_many(requests)
    if not isinstance(head, dict):
        raise RpcUnavailable(f"{client.network.name} gave no latest block")
    has_code = bool(code) and not isinstance(code[0], ChainError) and bool(hex_bytes(code[0]))
    return parse_block(head), parse_address(address) if has_code else None


def _aggregated(
    client: NetworkClient, multicall: ChecksumAddress, holdings: Sequence[Holding], tag: str
) -> Iterator[int | None]:
    chunks = [
        holdings[start : start + CALLS_PER_AGGREGATE]
        for start in range(0, len(holdings), CALLS_PER_AGGREGATE)
    ]
    for start in range(0, len(chunks), AGGREGATES_PER_REQUEST):
        together = chunks[start : start + AGGREGATES_PER_REQUEST]
        requests = [_aggregate(multicall, chunk, tag) for chunk in together]
        for chunk, answer in zip(together, client.read_many(requests), strict=True):
            numbers = None if isinstance(answer, ChainError) else _numbers(answer, len(chunk))
            # Some nodes cap the gas of a call lower, and what stands at the address may be no
            # Multicall3: the same balances one by one.
            yield from _batched(client, chunk, tag) if numbers is None else numbers


def _aggregate(multicall: ChecksumAddress, chunk: Sequence[Holding], tag: str) -> Request:
    data = AGGREGATE3 + encode_calls(
        [(holding.token or multicall, _call_data(holding)) for holding in chunk]
    )
    return ("eth_call", [{"to": multicall, "data": "0x" + data.hex()}, tag])


def encode_calls(calls: Sequence[tuple[ChecksumAddress, bytes]]) -> bytes:
    """`(address,bool,bytes)[]` of calls that may each fail; the general encoder takes ten times
    as long, and there are thousands.
    """
    parts = [_word(32), _word(len(calls))]
    encoded = [_encode_call(target, data) for target, data in calls]
    place = 32 * len(calls)
    for one in encoded:
        parts.append(_word(place))
        place += len(one)
    return b"".join(parts + encoded)


def _encode_call(target: ChecksumAddress, data: bytes) -> bytes:
    head = bytes.fromhex(target[2:]).rjust(32, b"\0") + _word(1) + _word(96) + _word(len(data))
    return head + data + b"\0" * (-len(data) % 32)


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _call_data(holding: Holding) -> bytes:
    selector = BALANCE_OF if holding.token else GET_ETH_BALANCE
    return selector + bytes.fromhex(holding.owner[2:]).rjust(32, b"\0")


def _numbers(answer: Any, wanted: int) -> list[int | None] | None:
    """The balances in an answer; None if it is not what Multicall3 answers to so many calls."""
    try:
        (results,) = CODEC.decode(["(bool,bytes)[]"], hex_bytes(answer))
    except (DecodingError, OverflowError):
        return None
    if len(results) != wanted:
        return None
    return [_number(found) if succeeded else None for succeeded, found in results]


def _number(answer: bytes) -> int | None:
    """A uint256; anything else is no balance (an address without code answers nothing)."""
    return int.from_bytes(answer) if len(answer) == 32 else None


def _batched(client: NetworkClient, holdings: Sequence[Holding], tag: str) -> Iterator[int | None]:
    requests = [_single(holding, tag) for holding in holdings]
    for holding, answer in zip(holdings, client.read_many(requests), strict=True):
        yield _single_number(holding, answer)


def _single(holding: Holding, tag: str) -> Request:
    if holding.token is None:
        return ("eth_getBalance", [holding.owner, tag])
    call = {"to": holding.token, "data": "0x" + _call_data(holding).hex()}
    return ("eth_call", [call, tag])


def _single_number(holding: Holding, answer: Any) -> int | None:
    if isinstance(answer, ChainError):
        return None
    return hex_int(answer) if holding.token is None else _number(hex_bytes(answer))
