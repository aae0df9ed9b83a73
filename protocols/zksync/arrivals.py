"""Whether a request made on L1 was carried out on L2, and what came of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eth_typing import ChecksumAddress

from protocols.actions import CallReceipt, Context, Log, Movement, PlanError, Progress, Wait
from protocols.context import read_log
from protocols.movements import read_transfers
from protocols.plans import A_DAY, Settlement
from protocols.settlements import settlement_to_json
from protocols.zksync.contracts import BASE_TOKEN_ABI, MAILBOX_ABI, NATIVE_BOOK
from protocols.zksync.proofs import reading
from protocols.zksync.requests import Price
from wallets.chain.values import hex_int

ARRIVAL = "arrival"
_REQUEST = MAILBOX_ABI.event("NewPriorityRequest")
_MINT = BASE_TOKEN_ABI.event("Mint")


def arrival_of(price: Price) -> Wait:
    """The wait for a request at its other end."""
    place = {"chain_id": price.l2_chain, "mailbox": price.mailbox}
    label = f"the deposit arrives on chain {price.l2_chain}"
    return Wait(label, ARRIVAL, place, first_look=60, at_most=A_DAY)


def look_for_arrival(ctx: Context, wait: Wait, progress: Progress) -> Mapping[str, Any] | None:
    """What the L2 did with the request, once its receipt is there and confirmed."""
    there = ctx.on(int(wait.arguments["chain_id"]))
    tx_hash = requested_transaction(progress, wait.arguments["mailbox"])
    receipt = there.chain.receipt(tx_hash)
    if receipt is None or receipt.get("blockNumber") is None:
        return None
    with reading("receipt"):
        if hex_int(receipt["blockNumber"]) > there.chain.confirmed_block():
            return None
        logs = [read_log(log) for log in receipt["logs"]]
        succeeded = hex_int(receipt["status"]) == 1
    return {
        "chain_id": there.chain_id,
        "tx_hash": tx_hash,
        "block_number": hex_int(receipt["blockNumber"]),
        "succeeded": succeeded,
        **movements_as_json(credited(logs, ctx.wallet)),
    }


def movements_as_json(movements: Iterable[Movement]) -> Mapping[str, Any]:
    """What moved, as a settlement keeps it."""
    return {"movements": settlement_to_json(Settlement(tuple(movements)))["movements"]}


def requested_transaction(progress: Progress, mailbox: str) -> str:
    """The hash the L2 transaction has, as the mailbox logged it; PlanError where it did not."""
    for receipt in reversed(list(progress.receipts())):
        if (found := _requested(receipt, mailbox)) is not None:
            return found
    raise PlanError(
        f"the transaction on L1 has no request of {mailbox} in its logs; look at it: "
        "where its value went is not known"
    )


def _requested(receipt: CallReceipt, mailbox: str) -> str | None:
    for log in receipt.logs:
        # A token may log what it likes: only the mailbox is asked.
        if log.address == mailbox and (event := _REQUEST.decode(log)):
            return f"0x{event['txHash'].hex()}"
    return None


def credited(logs: Iterable[Log], wallet: ChecksumAddress) -> Iterator[Movement]:
    """What came to a wallet by a transaction that it did not make."""
    rows = tuple(logs)
    for log in rows:
        event = _MINT.decode(log) if log.address == NATIVE_BOOK else None
        if event and event["account"] == wallet and event["amount"]:
            yield Movement("", "in", event["amount"], NATIVE_BOOK)
    for transfer in read_transfers(rows):
        if transfer.target == wallet and transfer.source != wallet and transfer.amount:
            yield Movement(transfer.token, "in", transfer.amount, transfer.token)
