"""The SCR airdrop of 2024: a Merkle tree of OpenZeppelin's standard kind, claimed on Scroll."""

from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

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
from protocols.claims.merkle import verify_proof
from protocols.contracts import Contract
from protocols.movements import read_movements
from protocols.params import ActionParams, Amount, Hash32
from wallets.addresses import parse_address
from wallets.chain.codec import CODEC
from wallets.transactions.arguments import Sender, Unchecked

DISTRIBUTOR = "scr_distributor"
ABI = load_abi("protocols.scroll", "token_distributor")
# The distributor shows no root by a function that is published; this one follows from a claim it
# paid: Scroll 0x7adb39abe532e0310840486ad9f03068d5a2fc7983f16e5cca16ff2be3899429.
_ROOT = "69f36c589fe3a8daf0d835c4e7717460d22fdcd512765653dec5e8e302d3b8c0"
ROOTS = {parse_address("0xE8bE8eB940c0ca3BD19D911CD3bEBc97Bea0ED62"): bytes.fromhex(_ROOT)}


def standard_leaf(account: ChecksumAddress, amount: int) -> bytes:
    """The leaf of OpenZeppelin's StandardMerkleTree over (address, uint256)."""
    return keccak(keccak(CODEC.encode(("address", "uint256"), (account, amount))))


class ClaimScrParams(ActionParams):
    """The wallet's amount (base units) and proof in the published tree."""

    amount: Amount
    proof: tuple[Hash32, ...]


class ClaimScr(Action):
    """Claim SCR for the wallet."""

    slug = "scroll-claim"
    title = "Claim the SCR airdrop"
    stays_inside = False
    brings = ()
    Params = ClaimScrParams
    permissions = (
        Permission(
            DISTRIBUTOR,
            ABI.function("claim").signature,
            (
                Sender(path=(0,)),
                Unchecked(path=(1,), reason="it comes in; the distributor proves the amount"),
                Unchecked(path=(2,), reason="hashes, which the distributor checks"),
            ),
        ),
    )

    def plan(self, ctx: Context, params: ClaimScrParams) -> Plan:
        """One claim, after the proof has led to the known root and the chain has tried it."""
        distributor = Contract(ctx, ctx.deployment(DISTRIBUTOR), ABI)
        root = ROOTS.get(distributor.address)
        leaf = standard_leaf(ctx.wallet, params.amount)
        if root is not None and not verify_proof(root=root, leaf=leaf, proof=params.proof):
            raise PlanError(
                f"the proof does not lead to the root of {distributor.address} for {ctx.wallet}; "
                "check amount and proof against the published list"
            )
        call = distributor.call("claim", "claim", ctx.wallet, params.amount, params.proof)
        # Whether it was claimed before, or the time is over, only the claim itself says.
        ctx.chain.call(call.to, call.data, sender=ctx.wallet)
        return Plan((call,), f"claim {params.amount} SCR from {distributor.address}")

    def settle(self, ctx: Context, params: ClaimScrParams, receipt: CallReceipt) -> Settlement:
        """What the token's logs say arrived, beside what the distributor says it paid."""
        wanted = {"account": ctx.wallet, "amount": params.amount}
        event = ABI.event("Claimed")
        claimed = any(
            log.address == receipt.call.to and event.decode(log) == wanted for log in receipt.logs
        )
        note = "claimed" if claimed else "the distributor logged no such claim"
        return Settlement(read_movements(receipt, ctx.wallet), note)
