"""What an operator may ask of a transaction or a lane. Nothing here talks to a node."""

from django.db import transaction as database
from django.utils import timezone

from wallets.models import Attempt, NonceLane, Transaction
from wallets.transactions import lanes
from wallets.transactions.machine import TRANSACTION, move_transaction
from wallets.transactions.replacing import is_replaceable, newest_attempt
from wallets.transactions.states import PENDING, Wish
from wallets.transactions.states import TransactionState as S
from wallets.transitions import noted
from wallets.wakeups import wake


class NotPossible(Exception):
    """The transaction is not in a state in which this can be done; nothing was changed."""


def cancel_transaction(*, transaction_id: int, actor: str, reason: str) -> Transaction:
    """End a transaction that was never signed; ask for a cancel of one that was.

    A cancel is an attempt at the same nonce: until one of them is in a block, either may win. Of
    one that is reserved the signer's answer is dropped, and its nonce gets a filler.
    """
    with database.atomic():
        row = _locked(transaction_id)
        if row.state in (S.QUEUED, S.HELD):
            return move_transaction(row, S.CANCELLED, actor=actor, reason=reason)
        if row.state == S.RESERVED:
            return _void_reserved(row, actor, reason)
        _ask(row, Wish.CANCEL, replaced_because=f"cancelled by {actor}: {reason}"[:500])
        _note(row, "cancel", actor, reason)
    return row


def speed_up_transaction(*, transaction_id: int, actor: str, reason: str = "") -> Transaction:
    """Ask for an attempt at the same nonce that offers more for its gas."""
    with database.atomic():
        row = _ask(_locked(transaction_id), Wish.SPEED_UP)
        _note(row, "speed-up", actor, reason)
    return row


def resend_transaction(*, transaction_id: int, actor: str, reason: str = "") -> Transaction:
    """Have the stored bytes sent once more at the lane's next turn."""
    with database.atomic():
        row = _locked(transaction_id)
        _require_pending(row)
        row.attempts.update(last_sent_at=None)
        _wake_lane(row.lane_id)
        _note(row, "resend", actor, reason)
    return row


def void_transaction(*, transaction_id: int, actor: str, reason: str) -> Transaction:
    """Close one whose nonce somebody else used, once a person has made sure of it."""
    with database.atomic():
        row = _locked(transaction_id)
        if row.state != S.NEEDS_OPERATOR:
            raise NotPossible(f"transaction {row.pk} is {row.state}, it does not need an operator")
        return move_transaction(row, S.VOIDED, actor=actor, reason=reason)


def pause_lane(*, lane: NonceLane, actor: str, reason: str) -> None:
    """Sign nothing more in the lane."""
    lanes.pause_lane(lane, reason, actor=actor)


def resume_lane(*, lane: NonceLane, actor: str, reason: str = "") -> None:
    """Sign in the lane again; NotPossible while one of its transactions waits for a person."""
    with database.atomic():
        row = NonceLane.objects.select_for_update().get(pk=lane.pk)
        if not row.paused:
            raise NotPossible(f"{lane} is not paused")
        if waits := row.transactions.filter(state=S.NEEDS_OPERATOR).first():
            raise NotPossible(f"transaction {waits.pk} needs an operator first: {waits.detail}")
        lanes.resume_lane(row, reason, actor=actor)
        wake("tick")


def _locked(transaction_id: int) -> Transaction:
    return Transaction.objects.select_for_update().get(pk=transaction_id)


def _note(row: Transaction, verb: str, actor: str, reason: str) -> None:
    sentence = f"{verb} asked for: {reason}" if reason else f"{verb} asked for"
    noted(row, machine=TRANSACTION, actor=actor, reason=sentence)


def _ask(row: Transaction, wish: Wish, **fields: str) -> Transaction:
    _require_pending(row)
    if not is_replaceable(row, newest_attempt(row)):
        raise NotPossible(
            f"{row.network.name} has no mempool in which an attempt could be replaced, and took "
            "this one; the same bytes are sent again"
        )
    row.wish = wish
    Transaction.objects.filter(pk=row.pk).update(wish=wish, **fields)
    _wake_lane(row.lane_id)
    return row


def _void_reserved(row: Transaction, actor: str, reason: str) -> Transaction:
    if row.action == Attempt.Kind.FILLER:
        raise NotPossible(f"transaction {row.pk} is a filler; nothing else frees {row.nonce}")
    _wake_lane(row.lane_id)
    return move_transaction(row, S.VOIDED, actor=actor, reason=reason)


def _require_pending(row: Transaction) -> None:
    if row.state == S.RESERVED:
        raise NotPossible(f"transaction {row.pk} is reserved: its signature is awaited")
    if row.state not in PENDING:
        raise NotPossible(f"transaction {row.pk} is {row.state}, not signed and pending")


def _wake_lane(lane_id: int) -> None:
    NonceLane.objects.filter(pk=lane_id).update(wake_at=timezone.now())
    wake("tick")
