"""What a block says about an attempt, as a row."""

from typing import Any

from wallets.chain.client import Block, hex_int
from wallets.models import Attempt, Receipt, Transaction
from wallets.transactions.states import Outcome


def store_receipt(
    row: Transaction, attempt: Attempt, found: dict[str, Any], block: Block
) -> Receipt:
    """The receipt of a JSON-RPC answer; the same block's is renewed, not doubled."""
    gas, price = hex_int(found["gasUsed"]), hex_int(found["effectiveGasPrice"])
    l1_fee = hex_int(found.get("l1Fee") or "0x0")
    receipt, _ = Receipt.objects.update_or_create(
        attempt=attempt,
        block_hash=block.hash,
        defaults={
            "transaction": row,
            "block_number": block.number,
            "block_at": block.at,
            "succeeded": hex_int(found["status"]) == 1,
            "gas_used": gas,
            "effective_gas_price": price,
            "l1_fee": l1_fee,
            "fee": gas * price + l1_fee,
            "logs": found["logs"],
            "canonical": True,
        },
    )
    return receipt


def outcome_of(attempt: Attempt, receipt: Receipt) -> str:
    """What the mined attempt did for its transaction."""
    if attempt.kind == Attempt.Kind.CANCEL:
        return Outcome.REPLACED
    return Outcome.SUCCEEDED if receipt.succeeded else Outcome.REVERTED
