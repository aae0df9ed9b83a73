"""The second half of a withdrawal: its message is proven on L1, which pays the wallet."""

from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak

from protocols.actions import (
    Call,
    CallReceipt,
    Context,
    Movement,
    Permission,
    PlanError,
    Progress,
    Settlement,
    Wait,
)
from protocols.contracts import Contract
from protocols.movements import read_movements
from protocols.zksync.arrivals import movements_as_json
from protocols.zksync.contracts import (
    L1_MESSENGER,
    L1_OF,
    L1_ROUTER_ABI,
    NULLIFIER,
    NULLIFIER_ABI,
    bridgehub,
    l1_of,
    l1_vault,
    nullifier,
)
from protocols.zksync.messages import PAYS_SENDER, Message, read_message, sent_message
from protocols.zksync.proofs import Inclusion, L2Log, find_inclusion
from protocols.zksync.tokens import read_mint_data
from wallets.addresses import parse_address
from wallets.transactions.arguments import Unchecked
from wallets.transactions.shapes import ConstantHere

PROVABLE, PAID = "provable", "paid"
_HOUR = 3600
FINALISE = NULLIFIER_ABI.function("finalizeDeposit")
_FINALISED = L1_ROUTER_ABI.event("DepositFinalizedAssetRouter")
_PROVEN = "the nullifier proves it against the batch that L1 knows"

PERMISSION = Permission(
    NULLIFIER,
    FINALISE.signature,
    (
        ConstantHere(path=(0, 0), values=tuple((l1, l2) for l2, l1 in L1_OF.items())),
        *(Unchecked(path=(0, place), reason=_PROVEN) for place in (1, 2, 3, 4)),
        PAYS_SENDER,
        Unchecked(path=(0, 6), reason=_PROVEN),
    ),
)


def until_provable(ctx: Context) -> Wait:
    """The wait for L1 to know the batch of the withdrawal."""
    return Wait(f"chain {l1_of(ctx)} can prove the withdrawal", PROVABLE, first_look=_HOUR)


def look(ctx: Context, wait: Wait, progress: Progress) -> Mapping[str, Any] | None:
    """The proof that L1 takes, or the payment that somebody else asked it for."""
    kept = progress.found(PROVABLE)
    if wait.condition == PAID and kept is not None:
        return _look_for_payment(ctx, kept)
    return _look_for_proof(ctx, progress)


def _look_for_proof(ctx: Context, progress: Progress) -> Mapping[str, Any] | None:
    receipt = list(progress.receipts())[-1]
    message = sent_message(receipt)
    if message.minted.receiver != ctx.wallet:
        raise PlanError(f"the withdrawal {receipt.tx_hash} pays {message.minted.receiver} on L1")
    found = find_inclusion(ctx, receipt.tx_hash, lambda log: _is_of(log, message))
    if found is None or not _holds(ctx.on(l1_of(ctx)), ctx.chain_id, found, message):
        return None
    return {"sender": message.sender, "message": f"0x{message.data.hex()}", **found.as_json()}


def _look_for_payment(ctx: Context, kept: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What L1 has paid for the proven message."""
    if not is_finalised(ctx, Inclusion.of_json(kept)):
        return None
    l1 = ctx.on(l1_of(ctx))
    message = read_message(kept["sender"], bytes.fromhex(kept["message"].removeprefix("0x")))
    return {"chain_id": l1.chain_id, **movements_as_json([_paid_by_others(l1, message)])}


def _is_of(log: L2Log, message: Message) -> bool:
    """Whether a log of the receipt is the message: sent by its sender, with its hash."""
    return (
        parse_address(log["sender"]) == L1_MESSENGER
        and int(log["key"], 16) == int(message.sender, 16)
        and int(log["value"], 16) == int.from_bytes(keccak(message.data))
    )


def _holds(l1: Context, l2_chain: int, found: Inclusion, message: Message) -> bool:
    """Whether L1 takes the proof. It reverts for a batch that it does not know yet."""
    place = (l2_chain, found.batch, found.index)
    told = (found.tx_number, message.sender, message.data)
    try:
        return bool(bridgehub(l1).read("proveL2MessageInclusion", *place, told, found.proof))
    except PlanError:
        return False


def is_finalised(ctx: Context, found: Inclusion) -> bool:
    """Whether L1 has paid the withdrawal, whoever asked it to."""
    contract = nullifier(ctx.on(l1_of(ctx)))
    place = (ctx.chain_id, found.batch, found.index)
    return bool(contract.read("isWithdrawalFinalized", *place))


def _paid_by_others(l1: Context, message: Message) -> Movement:
    vault = l1_vault(l1)
    if not message.asset:
        return Movement("", "in", message.minted.amount, vault.address)
    token = parse_address(vault.read("tokenAddress", message.asset))
    return Movement(token, "in", message.minted.amount, vault.address)


def plan_finalisation(ctx: Context, progress: Progress) -> tuple[Call | Wait, ...]:
    """The call on L1 that has the wallet paid; a look at the payment where it was made already."""
    kept = progress.found(PROVABLE)
    is_paid = progress.found(PAID) is not None or progress.steps[-1].receipt is not None
    if kept is None or is_paid:
        return ()
    l1 = ctx.on(l1_of(ctx))
    found = Inclusion.of_json(kept)
    if is_finalised(ctx, found):
        return (Wait(f"chain {l1.chain_id} has paid the withdrawal", PAID, first_look=1),)
    return (_finalisation(nullifier(l1), ctx.chain_id, found, kept),)


def _finalisation(
    contract: Contract, l2_chain: int, found: Inclusion, kept: Mapping[str, Any]
) -> Call:
    told = (
        l2_chain,
        found.batch,
        found.index,
        kept["sender"],
        found.tx_number,
        bytes.fromhex(kept["message"].removeprefix("0x")),
        found.proof,
    )
    return Call(
        "finalise the withdrawal",
        contract.address,
        FINALISE.encode(told),
        chain_id=contract.ctx.chain_id,
    )


def settle_finalisation(ctx: Context, receipt: CallReceipt) -> Settlement:
    """Tokens by their Transfer logs; ether, which has none, as the router logged its payment."""
    movements = read_movements(receipt, ctx.wallet)
    decoded = NULLIFIER_ABI.decode_call(receipt.call.data)
    if decoded is None:
        return Settlement(movements)
    told = decoded.arguments["_finalizeWithdrawalParams"]
    message = read_message(told[3], told[5])
    if not message.asset and _was_paid(ctx, receipt, message):
        paid = Movement("", "in", message.minted.amount, receipt.call.to)
        return Settlement((*movements, paid))
    return Settlement(movements)


def _was_paid(ctx: Context, receipt: CallReceipt, message: Message) -> bool:
    events = (_FINALISED.decode(log) for log in receipt.logs)
    minted = (read_mint_data(event["assetData"]) for event in events if event)
    return message.minted in minted and message.minted.receiver == ctx.wallet
