"""The Merkle tree of Uniswap's MerkleDistributor: who may claim how much, and the proof of it.

A leaf is keccak256 of the packed (uint256 index, address account, uint256 amount); a parent
hashes its two children in sorted order; a node without a sibling moves up unchanged.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

UINT256_LIMIT = 2**256


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One row of a distribution; the index is the account's bit in the contract's claimed map."""

    index: int
    account: str
    amount: int

    def __post_init__(self) -> None:
        for name, number in (("index", self.index), ("amount", self.amount)):
            if not 0 <= number < UINT256_LIMIT:
                raise ValueError(f"The {name} of {self.account} is {number}, not a uint256.")

    @property
    def leaf(self) -> bytes:
        """The hash that stands for this row in the tree."""
        account = to_canonical_address(self.account)
        return keccak(self.index.to_bytes(32) + account + self.amount.to_bytes(32))


@dataclass(frozen=True, slots=True)
class MerkleTree:
    """All levels of the tree, leaves first; the last level holds only the root."""

    levels: tuple[tuple[bytes, ...], ...]

    @classmethod
    def of_leaves(cls, leaves: Iterable[bytes]) -> "MerkleTree":
        """Build the tree over the distinct leaves, in whatever order they come."""
        level = tuple(sorted(set(leaves)))
        if not level:
            raise ValueError("A Merkle tree needs at least one leaf.")
        levels = [level]
        while len(level) > 1:
            level = tuple(_parent(*pair) for pair in batched(level, 2))
            levels.append(level)
        return cls(tuple(levels))

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def proof(self, leaf: bytes) -> tuple[bytes, ...]:
        """The siblings on the way from a leaf to the root."""
        position = bisect_left(self.levels[0], leaf)
        if self.levels[0][position : position + 1] != (leaf,):
            raise ValueError(f"The leaf 0x{leaf.hex()} is not in this Merkle tree.")
        siblings: list[bytes] = []
        for level in self.levels[:-1]:
            siblings.extend(level[position ^ 1 : (position ^ 1) + 1])
            position //= 2
        return tuple(siblings)


def number_balances(balances: Mapping[str, int]) -> tuple[Entitlement, ...]:
    """Give each account its index, in the order of Uniswap's own script: by checksummed address."""
    checked = {to_checksum_address(account): amount for account, amount in balances.items()}
    if len(checked) != len(balances):
        raise ValueError("An account is listed twice in the balances, in different spellings.")
    return tuple(
        Entitlement(index, account, checked[account])
        for index, account in enumerate(sorted(checked))
    )


def verify_proof(*, root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof leads from the leaf to the root, as the contract checks it."""
    node = leaf
    for sibling in proof:
        node = _parent(node, sibling)
    return node == root


def _parent(left: bytes, right: bytes | None = None) -> bytes:
    return left if right is None else keccak(min(left, right) + max(left, right))
