"""Tokens of a deposit that failed on L2: the failure is proven on L1, which gives them back."""

from collections.abc import Mapping
from typing import Any

from eth_typing import ChecksumAddress

from protocols.actions import Context, Permission, Plan, PlanError, Progress, Wait
from protocols.zksync.arrivals import ARRIVAL
from protocols.zksync.contracts import (
    BOOTLOADER,
    L2_OF,
    NULLIFIER,
    NULLIFIER_ABI,
    bridgehub,
    l1_vault,
    nullifier,
)
from protocols.zksync.proofs import Inclusion, L2Log, find_inclusion
from protocols.zksync.tokens import ASSET_WHY, BURN_TYPES, asset_of, burn_data
from wallets.addresses import parse_address
from wallets.transactions.arguments import Encoded, RegisteredToken, Sender, Unchecked
from wallets.transactions.shapes import ConstantHere

FAILURE = "failure"
_FAILED = 0
RECOVER = "bridgeRecoverFailedTransfer"
_PROVEN = "the nullifier proves it, and knows the deposit that it has recorded"

PERMISSION = Permission(
    NULLIFIER,
    NULLIFIER_ABI.function(RECOVER).signature,
    (
        ConstantHere(path=(0,), values=tuple(L2_OF.items())),
        Sender(path=(1,)),
        Unchecked(path=(2,), reason=ASSET_WHY),
        Encoded(
            path=(3,),
            types=BURN_TYPES,
            checks=(
                Unchecked(path=(0,), reason=_PROVEN),
                Sender(path=(1,)),
                RegisteredToken(path=(2,)),
            ),
        ),
        *(Unchecked(path=(place,), reason=_PROVEN) for place in range(4, 9)),
    ),
)


def look_for_failure(ctx: Context, wait: Wait) -> Mapping[str, Any] | None:
    """The proof that the request failed, once L1 says that it holds."""
    l2_chain, tx_hash = int(wait.arguments["chain_id"]), str(wait.arguments["tx_hash"])
    found = find_inclusion(ctx.on(l2_chain), tx_hash, lambda log: _is_status(log, tx_hash))
    if found is None or not _holds(ctx, l2_chain, tx_hash, found):
        return None
    return found.as_json()


def _is_status(log: L2Log, tx_hash: str) -> bool:
    """Whether a log of the receipt is what the system says of a request's outcome."""
    sent_by = parse_address(log["sender"])
    return sent_by == BOOTLOADER and int(log["key"], 16) == int(tx_hash, 16)


def _holds(ctx: Context, l2_chain: int, tx_hash: str, found: Inclusion) -> bool:
    """Whether L1 takes the proof. It reverts for a batch that it does not know yet."""
    place = (found.batch, found.index, found.tx_number, found.proof)
    told = (l2_chain, bytes.fromhex(tx_hash[2:]), *place, _FAILED)
    try:
        return bool(bridgehub(ctx).read("proveL1ToL2TransactionStatus", *told))
    except PlanError:
        return False


def plan_recovery(ctx: Context, token: ChecksumAddress, amount: int, progress: Progress) -> Plan:
    """The proof of the failure, then the tokens back; PlanError tells the end of it."""
    arrival, kept = progress.found(ARRIVAL) or {}, progress.found(FAILURE)
    tx_hash, l2_chain = str(arrival["tx_hash"]), int(arrival["chain_id"])
    if kept is None:
        place = {"chain_id": l2_chain, "tx_hash": tx_hash}
        return Plan((Wait("L1 can prove that the deposit failed", FAILURE, place),))
    contract = nullifier(ctx)
    if contract.read("depositHappened", l2_chain, bytes.fromhex(tx_hash[2:])) == bytes(32):
        raise PlanError(
            f"the L2 transaction {tx_hash} failed; {amount} of {token} went back to {ctx.wallet}"
        )
    found, asset = Inclusion.of_json(kept), asset_of(l1_vault(ctx), token)
    call = contract.call(
        "take the tokens of the failed deposit back",
        RECOVER,
        l2_chain,
        ctx.wallet,
        asset.id,
        burn_data(amount, ctx.wallet, token),
        bytes.fromhex(tx_hash[2:]),
        found.batch,
        found.index,
        found.tx_number,
        found.proof,
    )
    return Plan((call,), f"take {amount} of {token} back: the deposit failed on L2")
