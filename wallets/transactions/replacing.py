"""Further attempts at a nonce that is taken: speed-ups and cancels."""

from dataclasses import dataclass

import structlog
from django.db import transaction as database

from wallets.actors import this_worker
from wallets.chain.fees import FeeQuote, replacement
from wallets.leases import hold_lane
from wallets.models import Attempt, Limit, NonceLane, Transaction
from wallets.signers.interface import Signer
from wallets.transactions.attempts import Offer, ask_signer, store_attempt, write_attempt
from wallets.transactions.holds import Held
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.look import Look, fee_ceiling
from wallets.transactions.machine import TRANSACTION
from wallets.transactions.points import Point, reached
from wallets.transactions.policy import PolicyRefusal
from wallets.transactions.signing import (
    Need,
    check_fee,
    check_funds,
    check_permission,
    read_standing,
    reserved_by,
)
from wallets.transactions.spending import reserve_fee
from wallets.transactions.states import AttemptState, HoldReason, Wish
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import stop_reason
from wallets.transitions import noted

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is to be put at the nonce of a transaction, with the look it is priced from."""

    kind: str
    look: Look
    gas_limit: int
    l1_fee: int
    because: str = ""  # for the history


def replace(
    lane: NonceLane, row: Transaction, wanted: Replacement, signer: Signer
) -> Attempt | None:
    """A further attempt at the row's nonce, committed; None, and why on the row, if it may not be.

    Whichever attempt is mined decides: the older ones stay valid until then.
    """
    work = _replace_remotely if signer.is_remote else _replace_here
    try:
        attempt = work(lane, row, wanted, signer)
    except (Held, PolicyRefusal) as reason:
        note(row, f"{Attempt.Kind(wanted.kind).label} is not possible: {reason}")
        return None
    if attempt is not None:
        log.info("attempt_replaced", transaction=row.pk, kind=attempt.kind, tx_hash=attempt.hash)
        reached(Point.STORED, attempt.kind)
    return attempt


def note(row: Transaction, sentence: str) -> None:
    """Say on the transaction what keeps it where it is."""
    row.detail = sentence[:500]
    Transaction.objects.filter(pk=row.pk, version=row.version).update(detail=row.detail)


def _replace_here(
    lane: NonceLane, row: Transaction, wanted: Replacement, signer: Signer
) -> Attempt | None:
    with database.atomic():
        newest = _hold(lane, row, wanted)
        if newest is None:
            return None
        limits = read_limits(lane)
        offer = _offer(lane, row, wanted, newest, limits)
        _admit(lane, row, offer, wanted, limits)
        return write_attempt(lane, row, newest.nonce, offer, signer)


def _replace_remotely(
    lane: NonceLane, row: Transaction, wanted: Replacement, signer: Signer
) -> Attempt | None:
    """The same in two database transactions, with the signer between them.

    Its answer is kept only if all that was checked still holds.
    """
    with database.atomic():
        newest = _hold(lane, row, wanted)
        if newest is None:
            return None
        limits = read_limits(lane)
        offer = _offer(lane, row, wanted, newest, limits)
        _check(lane, row, offer, wanted, limits)
    signed = ask_signer(lane, newest.nonce, offer, signer)
    with database.atomic():
        if _hold(lane, row, wanted) != newest:
            return None
        limits = read_limits(lane)
        _require_within_ceiling(row, offer, limits)
        _admit(lane, row, offer, wanted, limits)
        reached(Point.RECHECKED, wanted.kind)
        return store_attempt(lane, row, newest.nonce, offer, signed)


def _hold(lane: NonceLane, row: Transaction, wanted: Replacement) -> Attempt | None:
    """The newest attempt, with lane and row locked; None where nothing is to be done."""
    if hold_lane(lane).paused and not row.wish:
        return None
    reached(Point.LANE_HELD, wanted.kind)
    locked = Transaction.objects.select_for_update().get(pk=row.pk)
    if locked.state not in (S.SIGNED, S.BROADCAST) or locked.version != row.version:
        return None  # the watch has seen it in a block
    if locked.wish != row.wish:
        return None  # asked for since the turn began: the next one does it
    row.replaced_because = locked.replaced_because
    return newest_attempt(locked)


def _admit(
    lane: NonceLane, row: Transaction, offer: Offer, wanted: Replacement, limits: Limits
) -> None:
    """Check the offer, hold back what it may cost, and take what was wished for as done."""
    _check(lane, row, offer, wanted, limits)
    enforce = wanted.kind == Attempt.Kind.BUMP
    reserve_fee(row, offer.highest_fee, limits, enforce=enforce)
    reached(Point.CHECKED, wanted.kind)
    Transaction.objects.filter(pk=row.pk).update(
        wish=Wish.NONE,
        detail="",
        replaced_because=row.replaced_because or _replaced_because(wanted),
        reserved_amount=max(row.reserved_amount, offer.highest_cost),
    )
    signed = f"{Attempt.Kind(wanted.kind).label} signed: {wanted.because}"
    noted(row, machine=TRANSACTION, actor=this_worker(), reason=signed)


def _replaced_because(wanted: Replacement) -> str:
    """What its run is told, should the attempt be mined; an operator's own words come first."""
    cancels = wanted.kind == Attempt.Kind.CANCEL
    return f"cancelled: {wanted.because}"[:500] if cancels else ""


def newest_attempt(row: Transaction) -> Attempt:
    """The attempt that is to be mined: the last one made."""
    return row.attempts.order_by("-id")[0]


def _offer(
    lane: NonceLane, row: Transaction, wanted: Replacement, newest: Attempt, limits: Limits
) -> Offer:
    ceiling = fee_ceiling(row, limits, freeing=is_freeing(row, wanted.kind))
    fees = _fees(row, wanted, newest, ceiling)
    own_call = wanted.kind == Attempt.Kind.BUMP
    return Offer(
        kind=wanted.kind,
        to=row.to if own_call else lane.wallet.address,
        value=row.value if own_call else 0,
        data=bytes(row.data) if own_call else b"",
        gas_limit=wanted.gas_limit,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
        l1_fee=wanted.l1_fee,
    )


def _fees(row: Transaction, wanted: Replacement, newest: Attempt, ceiling: int | None) -> FeeQuote:
    market = wanted.look.market(row)
    max_fee, tip = replacement(
        newest.max_fee_per_gas,
        newest.max_priority_fee_per_gas,
        market.max_fee_per_gas,
        market.max_priority_fee_per_gas,
    )
    if ceiling is not None and max_fee > ceiling:
        least, tip = replacement(
            newest.max_fee_per_gas, newest.max_priority_fee_per_gas, market.market, tip
        )
        if least > ceiling:
            raise Held(
                HoldReason.FEE_CEILING,
                f"nodes would ask {least} wei per gas for it, the ceiling is {ceiling}",
            )
        max_fee = ceiling
    return FeeQuote(max_fee, min(tip, max_fee), market.market)


def _check(
    lane: NonceLane, row: Transaction, offer: Offer, wanted: Replacement, limits: Limits
) -> None:
    if not is_freeing(row, wanted.kind):
        check_permission(row, wanted.kind, read_standing([row], limits))
        check_fee(row, offer.max_fee_per_gas, offer.highest_fee, limits)
    else:
        check_freeing(row, wanted.kind, offer, limits)
    # What remains is for new spending; an open nonce must be closed all the same.
    need = Need(offer.highest_cost, reserved_by(lane, besides=row))
    check_funds(lane, need, balance=wanted.look.balance)


def _require_within_ceiling(row: Transaction, offer: Offer, limits: Limits) -> None:
    """Held if a ceiling was lowered while the signer thought."""
    ceiling = fee_ceiling(row, limits, freeing=is_freeing(row, offer.kind))
    if ceiling is not None and offer.max_fee_per_gas > ceiling:
        raise Held(
            HoldReason.FEE_CEILING,
            f"it would offer {offer.max_fee_per_gas} wei per gas, the ceiling is {ceiling}",
        )


def is_replaceable(row: Transaction, attempt: Attempt) -> bool:
    """Whether another attempt could be mined instead of it.

    A sequencer without a mempool that took the bytes has put them in order; one that refused
    them holds nothing.
    """
    return row.network.has_mempool or attempt.state != AttemptState.ACCEPTED


def is_freeing(row: Transaction, kind: str) -> bool:
    """Whether the attempt does nothing but use up a nonce: a cancel, a filler, its speed-up."""
    return kind in (Attempt.Kind.CANCEL, Attempt.Kind.FILLER) or row.action == Attempt.Kind.FILLER


def check_freeing(row: Transaction, kind: str, offer: Offer, limits: Limits) -> None:
    """Held unless the stop's mode and the cap for freeing a nonce let it pass."""
    freeing = Attempt.Kind.FILLER if row.action == Attempt.Kind.FILLER else kind
    if reason := stop_reason(row, freeing):
        raise Held(HoldReason.STOP, reason)
    for cap in limits.amounts(row, Limit.Kind.MAX_FILLER_FEE):
        if offer.highest_cost > cap:
            raise Held(
                HoldReason.FEE_CEILING,
                f"to free a nonce may cost {offer.highest_cost} wei, the limit is {cap} wei",
            )
