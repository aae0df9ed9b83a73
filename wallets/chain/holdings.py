"""Balances as the chain has them, all at one block."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from wallets.chain.client import Block, NetworkClient
from wallets.chain.multicall import (
    Question,
    address_word,
    ask_all,
    find_ground,
    number_in,
    require_same,
)

GET_ETH_BALANCE = bytes.fromhex("4d2301cc")
BALANCE_OF = bytes.fromhex("70a08231")


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


def read_balances(
    client: NetworkClient, holdings: Sequence[Holding], *, at: int | None = None
) -> Balances:
    """The balance of each holding, in order, all at the newest block, or at the one numbered `at`.

    RpcUnavailable when nobody answers, or when that block was replaced meanwhile: a snapshot never
    mixes two chains.
    """
    ask = client.read_many
    ground = find_ground(client, ask, at=at)
    questions = [_question(holding) for holding in holdings]
    amounts = tuple(number_in(answer) for answer in ask_all(ask, ground, questions))
    require_same(client, ground, "balances")
    return Balances(ground.block, amounts)


def _question(holding: Holding) -> Question:
    owner = address_word(holding.owner)
    if holding.token is None:
        alone = ("eth_getBalance", (holding.owner,))
        return Question(None, GET_ETH_BALANCE + owner, alone)
    return Question(holding.token, BALANCE_OF + owner)
