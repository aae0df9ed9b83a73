"""In which blocks something happened to a wallet, by halving: for nodes that keep old states.

What changes an account's nonce or balance shows at both ends of a stretch. One that stays the same
at both ends did nothing and got nothing there: its nonce counts what it sent, and what only comes
makes it more. (A contract can get and give the same: a wallet that is one is read block by block.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

from eth_typing import ChecksumAddress

from wallets.addresses import ZERO_ADDRESS
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError
from wallets.chain.rpc import Request

ACCOUNTS_AT_ONCE = 50


class NoArchive(ChainError):
    """The node does not keep the states of old blocks."""


@dataclass(frozen=True, slots=True)
class State:
    """An account after a block."""

    nonce: int
    balance: int


@dataclass(frozen=True, slots=True)
class Change:
    """A block that changed an account: how it was before, and after."""

    address: ChecksumAddress
    block: int
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class _Stretch:
    address: ChecksumAddress
    low: int
    high: int
    before: State
    after: State

    @property
    def middle(self) -> int:
        return (self.low + self.high) // 2


def changes_of(
    client: NetworkClient, addresses: Sequence[ChecksumAddress], first: int, last: int
) -> list[Change]:
    """Every block from `first` to `last` that changed one of the accounts, oldest first.

    About 2 · log2(blocks) questions for each. NoArchive where old states are not kept.
    """
    first = max(first, 1)  # in the first block of a chain nothing happens
    if last < first or not addresses:
        return []
    ends = [(address, block) for block in (first - 1, last) for address in addresses]
    states = _read(client, ends)
    before, after = states[: len(addresses)], states[len(addresses) :]
    open_ones = [
        _Stretch(address, first - 1, last, low, high)
        for address, low, high in zip(addresses, before, after, strict=True)
    ]
    found: list[Change] = []
    while open_ones := [one for one in open_ones if one.before != one.after]:
        found += [
            Change(one.address, one.high, one.before, one.after)
            for one in open_ones
            if one.high - one.low == 1
        ]
        open_ones = _halved(client, [one for one in open_ones if one.high - one.low > 1])
    return sorted(found, key=lambda change: (change.block, change.address))


def require_states(client: NetworkClient, first: int) -> None:
    """NoArchive unless the state before that block is answered for."""
    _read(client, [(ZERO_ADDRESS, max(first, 1) - 1)])


def _halved(client: NetworkClient, stretches: Sequence[_Stretch]) -> list[_Stretch]:
    states = _read(client, [(one.address, one.middle) for one in stretches])
    halves: list[_Stretch] = []
    for one, state in zip(stretches, states, strict=True):
        halves.append(_Stretch(one.address, one.low, one.middle, one.before, state))
        halves.append(_Stretch(one.address, one.middle, one.high, state, one.after))
    return halves


def _read(client: NetworkClient, wanted: Sequence[tuple[ChecksumAddress, int]]) -> list[State]:
    states: list[State] = []
    for some in batched(wanted, ACCOUNTS_AT_ONCE):
        requests: list[Request] = [
            (method, [address, hex(block)])
            for address, block in some
            for method in ("eth_getTransactionCount", "eth_getBalance")
        ]
        oldest = min(block for _, block in some)
        answers = _answers(client, requests, oldest)
        states += [State(hex_int(nonce), hex_int(wei)) for nonce, wei in batched(answers, 2)]
    return states


def _answers(client: NetworkClient, requests: Sequence[Request], oldest: int) -> list[object]:
    try:
        answers = client.read_many(requests)
    except ChainError as error:
        raise _no_archive(client, oldest, error) from error
    for answer in answers:
        if isinstance(answer, ChainError):
            raise _no_archive(client, oldest, answer) from answer
    return answers


def _no_archive(client: NetworkClient, oldest: int, error: ChainError) -> ChainError:
    """Tell a node without old states from one that does not answer at all."""
    client.read("eth_blockNumber", [])
    return NoArchive(
        f"the nodes of {client.network.name} do not answer for the state of block {oldest} "
        f"({error}): they keep no archive; add an endpoint that does, or read every block with "
        "--every-block"
    )
