"""The transaction's machine: the only way its state changes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction as database
from django.utils import timezone

from wallets.models import SignedRequest, Transaction
from wallets.transactions.counting import count_ended
from wallets.transactions.spending import settle_reservations
from wallets.transactions.states import ENDED, REQUEST_ARROWS, TRANSACTION_ARROWS, HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transitions import Machine, move, move_all, move_each, unchanged

Change = tuple[Transaction, dict[str, Any]]
# What is held has its next turn after so long, unless nothing else waits.
LOOK_AGAIN = timedelta(seconds=5)
TRANSACTION = Machine("transaction", TRANSACTION_ARROWS)
SIGNED_REQUEST = Machine("signed_request", REQUEST_ARROWS)


def move_transaction(
    row: Transaction, to: str, *, actor: str, reason: str = "", **fields: Any
) -> Transaction:
    """Move a transaction along an arrow; leaving `held` clears why it was held.

    Where it ends, what it held back from limits is settled with it, and it is counted.
    """
    if to != S.HELD:
        fields.setdefault("hold_reason", "")
    fields["detail"] = reason[:500]
    if to not in ENDED:
        return move(row, to, machine=TRANSACTION, actor=actor, reason=reason, **fields)
    with database.atomic():
        moved = move(row, to, machine=TRANSACTION, actor=actor, reason=reason, **fields)
        settle_reservations([moved])
        count_ended([moved])
    return moved


def unchanged_transactions(rows: Sequence[Transaction]) -> list[Transaction]:
    """Those nobody has changed since they were read, locked until the commit."""
    return unchanged(rows)


def move_transactions(
    rows: Sequence[Transaction], to: str, *, actor: str, reason: str = "", **fields: Any
) -> None:
    """As `move_transaction`, for rows of one network that the caller's transaction has locked."""
    fields |= {"detail": reason[:500], "hold_reason": ""}
    move_all(rows, to, machine=TRANSACTION, actor=actor, reason=reason, **fields)
    if to in ENDED:
        settle_reservations(rows)
        count_ended(rows)


def move_each_transaction(changes: Sequence[Change], to: str, *, actor: str) -> None:
    """As `move_transactions` where each row gets fields of its own; to no state that ends it."""
    cleared = {"detail": "", "hold_reason": ""}
    wanted = [(row, fields | cleared) for row, fields in changes]
    move_each(wanted, to, machine=TRANSACTION, actor=actor)


def hold_transaction(row: Transaction, why: HoldReason, sentence: str, *, actor: str) -> None:
    """Hold it before it has a nonce; holding again for the same reason only renews the sentence."""
    look_at = timezone.now() + LOOK_AGAIN
    if row.state == S.HELD and row.hold_reason == why:
        # Not a new state, only newer figures in the sentence.
        Transaction.objects.filter(pk=row.pk, state=S.HELD).update(
            detail=sentence[:500], look_at=look_at
        )
        return
    if row.state == S.HELD:
        move_transaction(row, S.QUEUED, actor=actor, reason="looked at again")
    move_transaction(row, S.HELD, actor=actor, reason=sentence, hold_reason=why, look_at=look_at)


__all__ = [
    "SIGNED_REQUEST",
    "TRANSACTION",
    "SignedRequest",
    "hold_transaction",
    "move_each_transaction",
    "move_transaction",
    "move_transactions",
    "unchanged_transactions",
]
