"""The ZK token's distributors: who signs is who claims, within a window of time."""

from protocols.abi import load_abi
from protocols.actions import (
    Action,
    CallReceipt,
    Context,
    Permission,
    Plan,
    PlanError,
    Settlement,
)
from protocols.claims.distributors import choose_distributor
from protocols.claims.merkle import Entitlement, verify_proof
from protocols.contracts import Contract
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, Amount, AmountOrZero, Hash32
from wallets.transactions.arguments import Unchecked

# One for each wave: their roles are `zk_merkle_distributor-wave2` and so on.
DISTRIBUTOR = "zk_merkle_distributor"
ABI = load_abi("protocols.claims", DISTRIBUTOR)
_CLAIMED = ABI.event("Claimed")
_PAYS_SENDER = "the distributor proves it for the sending wallet, and pays that alone"


class ZkClaim(Action):
    """Claim from a ZkMerkleDistributor. The address is no argument: it is the sender."""

    slug = "zk-claim"
    title = "Claim the ZK token's airdrop"
    stays_inside = False
    brings = ()
    permissions = (
        Permission(
            DISTRIBUTOR,
            ABI.function("claim").signature,
            tuple(Unchecked(path=(place,), reason=_PAYS_SENDER) for place in range(3)),
        ),
    )

    class Params(ActionParams):
        """The wallet's place, amount (base units) and proof in the published tree of its wave.

        `distributor` may be left out where one only is enabled.
        """

        distributor: Address | None = None
        index: AmountOrZero
        amount: Amount
        proof: tuple[Hash32, ...]

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One claim, after proof, window and the claimed map were looked at."""
        address = choose_distributor(ctx, DISTRIBUTOR, params.distributor)
        distributor = Contract(ctx, address, ABI)
        _require_proof(distributor, params)
        _require_open(distributor)
        if distributor.read("isClaimed", params.index):
            raise PlanError(f"index {params.index} of {address} is claimed already")
        call = distributor.call("claim", "claim", params.index, params.amount, params.proof)
        return Plan((call,), f"claim {params.amount} from {address}")

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """What the token's logs say arrived, beside what the distributor says it paid."""
        told = {"index": params.index, "account": ctx.wallet, "amount": params.amount}
        logs = (log for log in receipt.logs if log.address == receipt.call.to)
        claimed = any(_CLAIMED.decode(log) == told for log in logs)
        note = (
            f"index {params.index} is claimed"
            if claimed
            else "the distributor logged no such claim"
        )
        return Settlement(read_movements(receipt, ctx.wallet), note)


def _require_proof(distributor: Contract, params: ZkClaim.Params) -> None:
    wallet = distributor.ctx.wallet
    leaf = Entitlement(params.index, wallet, params.amount).leaf
    if not verify_proof(root=distributor.read("MERKLE_ROOT"), leaf=leaf, proof=params.proof):
        raise PlanError(
            f"the proof does not lead to the root of {distributor.address} for {wallet}; "
            "check index, amount and proof against the published list of its wave"
        )


def _require_open(distributor: Contract) -> None:
    """Claims are taken from the start of the window until its end, both included."""
    now = int(distributor.ctx.now.timestamp())
    start, end = distributor.read("WINDOW_START"), distributor.read("WINDOW_END")
    if not start <= now <= end:
        raise PlanError(
            f"{distributor.address} takes claims from {start} to {end} (seconds since 1970), "
            f"now is {now}; {'wait until then' if now < start else 'it is too late'}"
        )
