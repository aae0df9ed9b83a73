"""The devnet's airdrop: a real tree over the demo wallets and some strangers."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from airdrops_site.devnet.artifacts import MERKLE_DISTRIBUTOR, load_artifact
from airdrops_site.devnet.manifest import DevnetClaim
from airdrops_site.devnet.outbox import Outbox
from protocols.claims.merkle import MerkleTree, number_balances

FEWEST_ACCOUNTS = 8
FIRST_SHARE = 400 * 10**18
SHARE_STEP = 37 * 10**18


@dataclass(frozen=True, slots=True)
class AirdropPlan:
    """Who gets what, before the distributor is on chain."""

    root: bytes
    claims: tuple[DevnetClaim, ...]

    @property
    def total(self) -> int:
        return sum(claim.amount for claim in self.claims)


def plan_airdrop(wallets: Sequence[str]) -> AirdropPlan:
    """Give each wallet a share of its own size, with strangers so that every proof has siblings."""
    strangers = [_stranger(i) for i in range(max(1, FEWEST_ACCOUNTS - len(wallets)))]
    shares = {
        account: FIRST_SHARE + SHARE_STEP * position
        for position, account in enumerate((*wallets, *strangers))
    }
    rows = number_balances(shares)
    tree = MerkleTree.of_leaves(row.leaf for row in rows)
    claims = (
        DevnetClaim(row.index, row.account, row.amount, _hexed(tree.proof(row.leaf)))
        for row in rows
    )
    return AirdropPlan(tree.root, tuple(claims))


def queue_distributor(outbox: Outbox, plan: AirdropPlan, token: str) -> str:
    """Queue the distributor and the tokens it pays out; return its address."""
    artifact = load_artifact(MERKLE_DISTRIBUTOR)
    distributor = outbox.deploy("MerkleDistributor", artifact, token, plan.root)
    outbox.call(token, "transfer(address,uint256)", distributor, plan.total)
    return distributor


def _stranger(number: int) -> str:
    return to_checksum_address(keccak(text=f"devnet airdrop stranger {number}")[-20:])


def _hexed(proof: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(f"0x{sibling.hex()}" for sibling in proof)
