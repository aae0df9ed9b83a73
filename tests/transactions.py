"""Transactions in any state, written as the pipeline would leave them."""

from datetime import datetime
from itertools import count
from typing import Any

from django.utils import timezone

from tests.chains import ETHER
from wallets.models import Attempt, Network, NonceLane, Receipt, Transaction, Wallet
from wallets.transactions.limits import read_limits
from wallets.transactions.policy import Permit
from wallets.transactions.spending import Allotment
from wallets.transactions.states import ON_CHAIN, PRE_NONCE

_numbers = count(1)
RESERVED = {
    "gas_limit": 21_000,
    "reserved_max_fee": 2,
    "reserved_tip": 1,
    "reserved_l1_fee": 0,
}


def make_transaction(wallet: Wallet, network: Network, state: str, **fields: Any) -> Transaction:
    """A transaction of the wallet in the state, with a nonce where the state has one."""
    number = next(_numbers)
    lane, _ = NonceLane.objects.get_or_create(wallet=wallet, network=network)
    facts = {
        "nonce": None if state in PRE_NONCE else number,
        "outcome": "succeeded" if state in ON_CHAIN else "",
        "hold_reason": "funds" if state == "held" else "",
        **(RESERVED if state == "reserved" else {}),
    }
    since = fields.pop("state_changed_at", timezone.now())
    row = Transaction.objects.create(
        lane=lane,
        network=network,
        idempotency_key=f"test:{number}",
        origin="test",
        **{"protocol": "evm", "action": "transfer", "to": wallet.address, **facts, **fields},
        state=state,
    )
    Transaction.objects.filter(pk=row.pk).update(state_changed_at=since)
    return row


def make_receipt(
    row: Transaction, *, at: datetime, fee: int = ETHER, canonical: bool = True
) -> Receipt:
    """A block's word about the transaction."""
    number = next(_numbers)
    attempt = Attempt.objects.create(
        transaction=row,
        lane=row.lane,
        nonce=row.nonce or 0,
        kind=Attempt.Kind.ORIGINAL,
        raw=b"raw",
        hash=f"0x{number:064x}",
        gas_limit=21_000,
        max_fee_per_gas=2,
        max_priority_fee_per_gas=1,
    )
    return Receipt.objects.create(
        attempt=attempt,
        transaction=row,
        block_number=number,
        block_hash=f"0x{number:064x}",
        block_at=at,
        succeeded=True,
        gas_used=21_000,
        effective_gas_price=2,
        fee=fee,
        canonical=canonical,
    )


def reserve(row: Transaction, permit: Permit, highest_fee: int) -> None:
    """Hold back what one transaction may spend of the day's limits, as signing does for several."""
    allotment = Allotment(read_limits(row.lane), [(row, permit)])
    allotment.take(row, permit, highest_fee)
    allotment.store()
