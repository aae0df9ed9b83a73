"""Many questions with few requests, all at one block: Multicall3, or batches where there is none.

Multicall3 (https://github.com/mds1/multicall3): `aggregate3((address,bool,bytes)[])` runs calls in
one `eth_call` and tells of each whether it went through.
"""

from collections.abc import Callable, Iterator, Sequence
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
# 500 balances are some 15 million gas and 80 kB: below every node's cap for a call.
CALLS_PER_AGGREGATE = 500
AGGREGATES_PER_REQUEST = 4
CALLS_PER_REQUEST = CALLS_PER_AGGREGATE * AGGREGATES_PER_REQUEST
Ask = Callable[[Sequence[Request]], list[Any]]
# A refusal where one is told apart from the others; None for a call that failed among many.
Answer = bytes | ChainError | None


@dataclass(frozen=True, slots=True)
class Question:
    """A view call. One of Multicall3's own has no address, and `alone` says which method answers
    the same, as a quantity, where there is no Multicall3.
    """

    to: ChecksumAddress | None
    data: bytes
    alone: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """The block that all is read at, and the Multicall3 that stands there."""

    block: Block
    multicall: ChecksumAddress | None

    @property
    def tag(self) -> str:
        """The block as JSON-RPC names it."""
        return hex(self.block.number)


def find_ground(client: NetworkClient, ask: Ask, *, at: int | None = None) -> Ground:
    """The newest block or the one with this number, as whoever is asked tells."""
    address = client.network.multicall_address
    tag = "latest" if at is None else hex(at)
    requests: list[Request] = [("eth_getBlockByNumber", [tag, False])]
    if address:
        requests.append(("eth_getCode", [address, "latest"]))
    head, *code = ask(requests)
    if not isinstance(head, dict):
        asked = "latest block" if at is None else f"block {at}"
        raise RpcUnavailable(f"{client.network.name} gave no {asked}")
    has_code = bool(code) and not isinstance(code[0], ChainError) and bool(hex_bytes(code[0]))
    return Ground(parse_block(head), parse_address(address) if has_code else None)


def require_same(client: NetworkClient, ground: Ground, what: str) -> None:
    """RpcUnavailable when the block was replaced meanwhile: a reading never mixes two chains."""
    number = ground.block.number
    if client.block(number).hash != ground.block.hash:
        raise RpcUnavailable(f"block {number} was replaced while {what} were read at it")


def checked_at(ask: Ask, ground: Ground, what: str) -> Ask:
    """As `ask`, in each exchange with the block itself: RpcUnavailable if it is another one now."""

    def asked(requests: Sequence[Request]) -> list[Any]:
        *answers, head = ask([*requests, ("eth_getBlockByNumber", [ground.tag, False])])
        if isinstance(head, ChainError):
            raise RpcUnavailable(str(head))
        if not isinstance(head, dict) or head.get("hash") != ground.block.hash:
            number = ground.block.number
            raise RpcUnavailable(f"block {number} was replaced while {what} were read at it")
        return answers

    return asked


def ask_all(ask: Ask, ground: Ground, questions: Sequence[Question]) -> Iterator[Answer]:
    """What each question is answered, in order, whatever became of the others."""
    if ground.multicall is None:
        yield from _batched(ask, questions, ground.tag)
        return
    for start in range(0, len(questions), CALLS_PER_REQUEST):
        together = questions[start : start + CALLS_PER_REQUEST]
        yield from _aggregated(ask, ground.multicall, together, ground.tag)


def number_in(answer: Answer) -> int | None:
    """A uint256; anything else is no number (an address without code answers nothing)."""
    return int.from_bytes(answer) if isinstance(answer, bytes) and len(answer) == 32 else None


def _aggregated(
    ask: Ask, multicall: ChecksumAddress, questions: Sequence[Question], tag: str
) -> Iterator[Answer]:
    chunks = [
        questions[start : start + CALLS_PER_AGGREGATE]
        for start in range(0, len(questions), CALLS_PER_AGGREGATE)
    ]
    requests = [_aggregate(multicall, chunk, tag) for chunk in chunks]
    for chunk, answer in zip(chunks, ask(requests), strict=True):
        found = None if isinstance(answer, ChainError) else _answers(answer, len(chunk))
        # Some nodes cap the gas of a call lower, and what stands at the address may be no
        # Multicall3: the same questions one by one.
        yield from _batched(ask, chunk, tag) if found is None else found


def _aggregate(multicall: ChecksumAddress, chunk: Sequence[Question], tag: str) -> Request:
    data = AGGREGATE3 + encode_calls([(one.to or multicall, one.data) for one in chunk])
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
    head = address_word(target) + _word(1) + _word(96) + _word(len(data))
    return head + data + b"\0" * (-len(data) % 32)


def address_word(address: str) -> bytes:
    """An address as an ABI argument."""
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _answers(answer: Any, wanted: int) -> list[bytes | None] | None:
    """What an answer says of each; None if it is not what Multicall3 answers to so many calls."""
    try:
        (results,) = CODEC.decode(["(bool,bytes)[]"], hex_bytes(answer))
    except (DecodingError, OverflowError):
        return None
    if len(results) != wanted:
        return None
    return [found if succeeded else None for succeeded, found in results]


def _batched(ask: Ask, questions: Sequence[Question], tag: str) -> Iterator[Answer]:
    answers = ask([_single(one, tag) for one in questions]) if questions else []
    for one, answer in zip(questions, answers, strict=True):
        yield answer if isinstance(answer, ChainError) else _single_answer(one, answer)


def _single(one: Question, tag: str) -> Request:
    if one.alone:
        method, params = one.alone
        return (method, [*params, tag])
    return ("eth_call", [{"to": one.to, "data": "0x" + one.data.hex()}, tag])


def _single_answer(one: Question, answer: Any) -> bytes:
    return _word(hex_int(answer)) if one.alone else hex_bytes(answer)
