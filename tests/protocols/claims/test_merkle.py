"""The tree agrees with Uniswap's own results and keeps its promises for any list of balances."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from protocols.claims.merkle import Entitlement, MerkleTree, number_balances, verify_proof

DATA = Path(__file__).parent / "data"
AMOUNTS = st.integers(min_value=0, max_value=2**256 - 1)
ACCOUNTS = st.binary(min_size=20, max_size=20).map(to_checksum_address)
BALANCES = st.dictionaries(ACCOUNTS, AMOUNTS, min_size=1, max_size=40)
ACCOUNT = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"


def _read(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.fixture(params=list(_read("uni_mainnet.json")["claims"]))
def uni_claim(request: pytest.FixtureRequest) -> tuple[Entitlement, list[bytes]]:
    """A real claim on the UNI distributor, with its proof."""
    claim = _read("uni_mainnet.json")["claims"][request.param]
    row = Entitlement(claim["index"], request.param, int(claim["amount"], 16))
    return row, [_bytes(sibling) for sibling in claim["proof"]]


@pytest.fixture(scope="module")
def uni_root() -> bytes:
    return _bytes(_read("uni_mainnet.json")["merkleRoot"])


def test_the_root_of_uniswaps_example_is_the_published_one() -> None:
    example = _read("uniswap_example.json")
    rows = number_balances({who: int(much) for who, much in example["balances"].items()})
    tree = MerkleTree.of_leaves(row.leaf for row in rows)
    assert tree.root == _bytes(example["merkleRoot"])
    assert tree.proof(rows[0].leaf) == ()


def test_a_real_uni_claim_leads_to_the_root_on_mainnet(
    uni_claim: tuple[Entitlement, list[bytes]], uni_root: bytes
) -> None:
    row, proof = uni_claim
    assert verify_proof(root=uni_root, leaf=row.leaf, proof=proof)


def test_a_real_uni_claim_of_one_unit_more_leads_elsewhere(
    uni_claim: tuple[Entitlement, list[bytes]], uni_root: bytes
) -> None:
    row, proof = uni_claim
    forged = Entitlement(row.index, row.account, row.amount + 1)
    assert not verify_proof(root=uni_root, leaf=forged.leaf, proof=proof)


@given(BALANCES)
def test_every_row_has_a_proof(balances: dict[str, int]) -> None:
    leaves = [row.leaf for row in number_balances(balances)]
    tree = MerkleTree.of_leaves(leaves)
    assert all(verify_proof(root=tree.root, leaf=x, proof=tree.proof(x)) for x in leaves)


@given(BALANCES, st.randoms())
def test_the_order_of_the_leaves_does_not_matter(balances: dict[str, int], random: Any) -> None:
    leaves = [row.leaf for row in number_balances(balances)]
    shuffled = random.sample(leaves, len(leaves))
    assert MerkleTree.of_leaves(shuffled) == MerkleTree.of_leaves(leaves)


@given(BALANCES)
def test_indexes_follow_the_checksummed_addresses(balances: dict[str, int]) -> None:
    rows = number_balances({account.lower(): amount for account, amount in balances.items()})
    assert [row.account for row in rows] == sorted(balances)
    assert [row.index for row in rows] == list(range(len(balances)))


def test_a_stranger_to_the_tree_has_no_proof() -> None:
    tree = MerkleTree.of_leaves([Entitlement(0, ACCOUNT, 100).leaf])
    with pytest.raises(ValueError, match="is not in this Merkle tree"):
        tree.proof(Entitlement(0, ACCOUNT, 101).leaf)


def test_a_tree_without_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        MerkleTree.of_leaves([])


@pytest.mark.parametrize("amount", [-1, 2**256])
def test_an_amount_outside_uint256_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="not a uint256"):
        Entitlement(0, ACCOUNT, amount)


def test_one_account_in_two_spellings_is_refused() -> None:
    with pytest.raises(ValueError, match="listed twice"):
        number_balances({ACCOUNT: 1, ACCOUNT.lower(): 2})
