"""Claims of airdrops through their distributors."""

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import (
    Action,
    Adapter,
    CallReceipt,
    Context,
    Log,
    Permission,
    Plan,
    PlanError,
    Settlement,
    never_paused,
    no_positions,
)
from protocols.claims.distributors import choose_distributor
from protocols.claims.merkle import Entitlement, verify_proof
from protocols.claims.zk import ZkClaim
from protocols.contracts import Contract
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, Amount, AmountOrZero, Hash32
from wallets.transactions.arguments import Sender, Unchecked

# A network may have many: their roles are `merkle_distributor-uni` and so on.
DISTRIBUTOR = "merkle_distributor"
ABI = load_abi("protocols.claims", DISTRIBUTOR)


class ClaimParams(ActionParams):
    """The wallet's place, amount (base units) and proof in the published tree.

    `distributor` may be left out where one only is enabled.
    """

    distributor: Address | None = None
    index: AmountOrZero
    amount: Amount
    proof: tuple[Hash32, ...]


class MerkleClaim(Action):
    """Claim from a Uniswap-style MerkleDistributor."""

    slug = "merkle-claim"
    title = "Claim an airdrop (Merkle distributor)"
    stays_inside = False
    brings = ()
    Params = ClaimParams
    permissions = (
        Permission(
            DISTRIBUTOR,
            ABI.function("claim").signature,
            (
                Unchecked(path=(0,), reason="the distributor proves the place in its tree"),
                Sender(path=(1,)),
                Unchecked(path=(2,), reason="it comes in; the distributor proves the amount"),
                Unchecked(path=(3,), reason="hashes, which the distributor checks"),
            ),
        ),
    )

    def plan(self, ctx: Context, params: ClaimParams) -> Plan:
        """One claim, after the proof has led to the root on chain and nobody has claimed it."""
        distributor = Contract(ctx, choose_distributor(ctx, DISTRIBUTOR, params.distributor), ABI)
        leaf = Entitlement(params.index, ctx.wallet, params.amount).leaf
        if not verify_proof(root=distributor.read("merkleRoot"), leaf=leaf, proof=params.proof):
            raise PlanError(
                f"the proof does not lead to the root of {distributor.address} for {ctx.wallet}; "
                "check index, amount and proof against the published list"
            )
        if distributor.read("isClaimed", params.index):
            raise PlanError(f"index {params.index} of {distributor.address} is claimed already")
        entitlement = (params.index, ctx.wallet, params.amount)
        call = distributor.call("claim", "claim", *entitlement, params.proof)
        return Plan((call,), f"claim {params.amount} from {distributor.address}")

    def settle(self, ctx: Context, params: ClaimParams, receipt: CallReceipt) -> Settlement:
        """What the token's logs say arrived, beside what the distributor says it paid."""
        claimed = any(_is_claimed(log, receipt, ctx.wallet, params) for log in receipt.logs)
        note = (
            f"index {params.index} is claimed"
            if claimed
            else "the distributor logged no such claim"
        )
        return Settlement(read_movements(receipt, ctx.wallet), note)


def _is_claimed(
    log: Log, receipt: CallReceipt, wallet: ChecksumAddress, params: ClaimParams
) -> bool:
    event = ABI.event("Claimed")
    if log.address != receipt.call.to or log.topics[:1] != (event.topic,):
        return False
    # Some distributors index the arguments: whatever is indexed, the words are in this order.
    unindexed = Log(log.address, log.topics[:1], b"".join(log.topics[1:]) + log.data, log.index)
    said = event.decode(unindexed)
    return said == {"index": params.index, "account": wallet, "amount": params.amount}


# Neither kind of distributor can be paused; a time that is over, or none yet, a plan says.
ADAPTER = Adapter.of(
    "claims",
    "Airdrop claims",
    [MerkleClaim(), ZkClaim()],
    package="protocols.claims",
    positions=no_positions,
    health=never_paused,
)
