"""What a block says about an attempt, as a row."""

from collections.abc import Sequence
from typing import Any

import structlog

from wallets.chain.client import Block, ChainError, RpcUnavailable, hex_int
from wallets.chain.l1_fees import fee_beside_gas
from wallets.models import Attempt, Receipt, Transaction
from wallets.transactions.states import Outcome

log = structlog.get_logger(__name__)

_RENEWED = (
    "transaction",
    "block_number",
    "block_at",
    "succeeded",
    "gas_used",
    "effective_gas_price",
    "l1_fee",
    "fee",
    "logs",
    "canonical",
)


def read_receipt(
    row: Transaction, attempt: Attempt, found: dict[str, Any], block: Block
) -> Receipt:
    """The receipt of a JSON-RPC answer, not stored yet.

    ChainError for one that makes no sense or tells too little: then nothing is known.
    """
    _require_sense(attempt, found)
    gas, price = hex_int(found.get("gasUsed")), _price(attempt, found, block)
    l1_fee = fee_beside_gas(found, gas)
    return Receipt(
        attempt=attempt,
        transaction=row,
        block_number=block.number,
        block_hash=block.hash,
        block_at=block.at,
        succeeded=_succeeded(found),
        gas_used=gas,
        effective_gas_price=price,
        l1_fee=l1_fee,
        fee=gas * price + l1_fee,
        logs=found["logs"],
        canonical=True,
    )


def _require_sense(attempt: Attempt, found: dict[str, Any]) -> None:
    if str(found.get("transactionHash", attempt.hash)).lower() != attempt.hash.lower():
        raise ChainError("the receipt is of another transaction")
    if not isinstance(found.get("logs"), list):
        raise ChainError("the receipt has no list of logs")


def _succeeded(found: dict[str, Any]) -> bool:
    # Before Byzantium, and of some providers, there is a state root instead: success is not told.
    if "status" not in found:
        raise ChainError("the receipt tells no status")
    status = hex_int(found["status"])
    if status not in (0, 1):
        raise ChainError(f"the receipt tells a status of {status}")
    return status == 1


def _price(attempt: Attempt, found: dict[str, Any], block: Block) -> int:
    """What was paid per gas; where the node does not say, the most it can have been.

    That is the offer itself on a legacy network, and else the block's base fee and the tip.
    """
    try:
        return hex_int(found.get("effectiveGasPrice"))
    except RpcUnavailable:
        log.warning("receipt_without_price", tx_hash=attempt.hash)
    if block.base_fee is None:
        return attempt.max_fee_per_gas
    return min(attempt.max_fee_per_gas, block.base_fee + attempt.max_priority_fee_per_gas)


def store_receipts(receipts: Sequence[Receipt]) -> None:
    """Keep them; one of the same attempt in the same block is renewed, not doubled."""
    Receipt.objects.bulk_create(
        receipts,
        update_conflicts=True,
        unique_fields=("attempt", "block_hash"),
        update_fields=_RENEWED,
    )


def outcome_of(attempt: Attempt, receipt: Receipt) -> str:
    """What the mined attempt did for its transaction."""
    if attempt.kind == Attempt.Kind.CANCEL or attempt.foreign:
        return Outcome.REPLACED
    return Outcome.SUCCEEDED if receipt.succeeded else Outcome.REVERTED
