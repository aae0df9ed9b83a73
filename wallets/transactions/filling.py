"""Fillers: a nonce that nothing holds is used up by 0 to the wallet itself."""

import structlog
from django.db import transaction as database

from wallets.actors import this_worker
from wallets.leases import hold_lane
from wallets.models import Attempt, Transaction
from wallets.signers.interface import Signer
from wallets.transactions.attempts import Offer, write_attempt
from wallets.transactions.holds import Held
from wallets.transactions.lanes import say
from wallets.transactions.limits import read_limits
from wallets.transactions.machine import TRANSACTION, move_transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.replacing import Replacement, check_freeing
from wallets.transactions.reserving import sign_reserved
from wallets.transactions.signing import MayNotSign, Need, check_funds, reserved_by
from wallets.transactions.spending import reserve_fee
from wallets.transactions.states import TransactionState as S
from wallets.transactions.turn import Turn
from wallets.transitions import born

log = structlog.get_logger(__name__)

FILLER_PROTOCOL = "wallets"
_KIND = Attempt.Kind.FILLER


def fill_gap(turn: Turn, nonce: int, wanted: Replacement, signer: Signer) -> Attempt | None:
    """A transaction of its own at the nonce, signed and committed; None, and why on the lane."""
    try:
        if signer.is_remote:
            with database.atomic():
                row, _ = _take(turn, nonce, wanted, S.RESERVED)
            reached(Point.RESERVED, _KIND)
            return sign_reserved(turn, row, signer)
        with database.atomic():
            row, offer = _take(turn, nonce, wanted, S.SIGNED)
            attempt = write_attempt(turn.lane, row, nonce, offer, signer)
    except MayNotSign:
        return None
    except Held as held:
        say(turn.lane, f"nonce {nonce} waits for its filler: {held.sentence}")
        log.warning("gap_stays", lane=turn.lane.pk, nonce=nonce, reason=held.sentence)
        return None
    reached(Point.STORED, _KIND)
    return attempt


def _take(turn: Turn, nonce: int, wanted: Replacement, to: S) -> tuple[Transaction, Offer]:
    """The filler with its nonce, in the state `to`, and what it offers."""
    lane = turn.lane
    if hold_lane(lane).paused:
        raise MayNotSign
    reached(Point.LANE_HELD, _KIND)
    row = _create(turn, nonce)
    offer, limits = _offer(row, wanted), read_limits(lane)
    check_freeing(row, _KIND, offer, limits)
    reserve_fee(row, offer.highest_fee, limits, enforce=False)
    need = Need(offer.highest_cost, reserved_by(lane, besides=row))
    check_funds(lane, need, balance=turn.look.balance)
    reached(Point.CHECKED, _KIND)
    move_transaction(
        row,
        to,
        actor=this_worker(),
        nonce=nonce,
        gas_limit=offer.gas_limit,
        reserved_amount=offer.highest_cost,
        reserved_max_fee=offer.max_fee_per_gas,
        reserved_tip=offer.max_priority_fee_per_gas,
        reserved_l1_fee=offer.l1_fee,
    )
    reached(Point.STATE_MOVED, _KIND)
    return row, offer


def _create(turn: Turn, nonce: int) -> Transaction:
    lane = turn.lane
    row = Transaction.objects.create(
        lane=lane,
        network=lane.network,
        idempotency_key=f"filler:{lane.pk}:{nonce}",
        origin="tick",
        protocol=FILLER_PROTOCOL,
        action=_KIND,
        to=lane.wallet.address,
    )
    born(row, machine=TRANSACTION, actor=this_worker(), reason=f"nothing holds nonce {nonce}")
    return row


def _offer(row: Transaction, wanted: Replacement) -> Offer:
    fees = wanted.look.market(row)
    return Offer(
        kind=_KIND,
        to=row.to,
        value=0,
        data=b"",
        gas_limit=wanted.gas_limit,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
        l1_fee=wanted.l1_fee,
    )
