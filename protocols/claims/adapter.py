"""Claims of airdrops through their distributors."""

from protocols.actions import (
    Action,
    Adapter,
    Call,
    CallReceipt,
    Context,
    Permission,
    Plan,
    PlanError,
    Settlement,
)
from protocols.claims.merkle import Entitlement, verify_proof
from protocols.codec import encode_call, read
from protocols.evm.logs import token_movements
from protocols.params import ActionParams, Amount, AmountOrZero, Hash32

DISTRIBUTOR = "merkle_distributor"
CLAIM = "claim(uint256,address,uint256,bytes32[])"


class ClaimParams(ActionParams):
    """The wallet's place, amount (base units) and proof in the published tree."""

    index: AmountOrZero
    amount: Amount
    proof: tuple[Hash32, ...]


class MerkleClaim(Action):
    """Claim from a Uniswap-style MerkleDistributor."""

    slug = "merkle-claim"
    title = "Claim an airdrop (Merkle distributor)"
    Params = ClaimParams
    permissions = (Permission(DISTRIBUTOR, CLAIM),)

    def plan(self, ctx: Context, params: ClaimParams) -> Plan:
        """One claim, after the proof has led to the root on chain and nobody has claimed it."""
        distributor = ctx.deployment(DISTRIBUTOR)
        (root,) = read(ctx, distributor, "merkleRoot()", ["bytes32"])
        leaf = Entitlement(params.index, ctx.wallet, params.amount).leaf
        if not verify_proof(root=root, leaf=leaf, proof=params.proof):
            raise PlanError("the proof does not lead to the distributor's root; check the amount")
        (claimed,) = read(ctx, distributor, "isClaimed(uint256)", ["bool"], params.index)
        if claimed:
            raise PlanError("this claim has been made already")
        data = encode_call(CLAIM, params.index, ctx.wallet, params.amount, params.proof)
        return Plan((Call(label="claim", to=distributor, data=data),), f"claim {params.amount}")

    def settle(self, ctx: Context, params: ClaimParams, receipt: CallReceipt) -> Settlement:
        """What the token's logs say arrived."""
        return Settlement(tuple(token_movements(ctx.wallet, receipt.logs)))


ADAPTER = Adapter.of("claims", "Airdrop claims", [MerkleClaim()])
