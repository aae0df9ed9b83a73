"""What a block says about an attempt, as a row."""

from collections.abc import Sequence
from typing import Any

from wallets.chain.client import Block, hex_int
from wallets.models import Attempt, Receipt, Transaction
from wallets.transactions.states import Outcome

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
    """The receipt of a JSON-RPC answer, not stored yet."""
    gas, price = hex_int(found["gasUsed"]), hex_int(found["effectiveGasPrice"])
    l1_fee = hex_int(found.get("l1Fee") or "0x0")
    return Receipt(
        attempt=attempt,
        transaction=row,
        block_number=block.number,
        block_hash=block.hash,
        block_at=block.at,
        succeeded=hex_int(found["status"]) == 1,
        gas_used=gas,
        effective_gas_price=price,
        l1_fee=l1_fee,
        fee=gas * price + l1_fee,
        logs=found["logs"],
        canonical=True,
    )


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
