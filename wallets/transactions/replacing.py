"""Further attempts at a nonce that is taken: speed-ups, cancels, and fillers of gaps."""

from dataclasses import dataclass

import structlog
from django.db import transaction as database

from wallets.actors import this_worker
from wallets.chain.fees import FeeQuote, replacement
from wallets.leases import hold_lane
from wallets.models import Attempt, Limit, NonceLane, Transaction
from wallets.signers.interface import Signer
from wallets.transactions.attempts import Offer, write_attempt
from wallets.transactions.holds import Held
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.look import Look, fee_ceiling
from wallets.transactions.machine import TRANSACTION, move_transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.policy import PolicyRefusal
from wallets.transactions.signing import check_fee, check_funds, check_permission
from wallets.transactions.spending import reserve_fee
from wallets.transactions.states import AttemptState, HoldReason, Wish
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import stop_reason
from wallets.transitions import born, noted

log = structlog.get_logger(__name__)

FILLER_PROTOCOL = "wallets"


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
    try:
        with database.atomic():
            attempt = _replace(lane, row, wanted, signer)
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


def _replace(
    lane: NonceLane, row: Transaction, wanted: Replacement, signer: Signer
) -> Attempt | None:
    if hold_lane(lane).paused and not row.wish:
        return None
    reached(Point.LANE_HELD, wanted.kind)
    locked = Transaction.objects.select_for_update().get(pk=row.pk)
    if locked.state not in (S.SIGNED, S.BROADCAST) or locked.version != row.version:
        return None  # the watch has seen it in a block
    if locked.wish != row.wish:
        return None  # asked for since the turn began: the next one does it
    newest, limits = newest_attempt(locked), read_limits(lane)
    offer = _offer(lane, row, wanted, newest, limits)
    _check(lane, row, offer, wanted, limits)
    enforce = wanted.kind == Attempt.Kind.BUMP
    reserve_fee(row, offer.highest_fee, limits, enforce=enforce)
    reached(Point.CHECKED, wanted.kind)
    Transaction.objects.filter(pk=row.pk).update(
        wish=Wish.NONE,
        detail="",
        replaced_because=locked.replaced_because or _replaced_because(wanted),
        reserved_amount=max(row.reserved_amount, offer.highest_cost),
    )
    signed = f"{Attempt.Kind(wanted.kind).label} signed: {wanted.because}"
    noted(row, machine=TRANSACTION, actor=this_worker(), reason=signed)
    return write_attempt(lane, row, newest.nonce, offer, signer)


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
        check_permission(row, wanted.kind, limits)
        check_fee(row, offer.max_fee_per_gas, offer.highest_fee, limits)
    else:
        check_freeing(row, wanted.kind, offer, limits)
    # What remains is for new spending; an open nonce must be closed all the same.
    check_funds(lane, row, offer.highest_cost, balance=wanted.look.balance)


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


def fill_gap(lane: NonceLane, nonce: int, wanted: Replacement, signer: Signer) -> Attempt | None:
    """A transaction of its own that uses up a nonce nothing else holds: 0 to the wallet itself."""
    try:
        with database.atomic():
            if hold_lane(lane).paused:
                return None
            reached(Point.LANE_HELD, wanted.kind)
            attempt = _fill(lane, nonce, wanted, signer)
    except (Held, PolicyRefusal) as reason:
        log.warning("gap_stays", lane=lane.pk, nonce=nonce, reason=str(reason))
        return None
    reached(Point.STORED, attempt.kind)
    return attempt


def _fill(lane: NonceLane, nonce: int, wanted: Replacement, signer: Signer) -> Attempt:
    row = Transaction.objects.create(
        lane=lane,
        network=lane.network,
        idempotency_key=f"filler:{lane.pk}:{nonce}",
        origin="tick",
        protocol=FILLER_PROTOCOL,
        action=Attempt.Kind.FILLER,
        to=lane.wallet.address,
    )
    born(row, machine=TRANSACTION, actor=this_worker(), reason=f"nothing holds nonce {nonce}")
    fees = wanted.look.market(row)
    offer = Offer(
        kind=Attempt.Kind.FILLER,
        to=row.to,
        value=0,
        data=b"",
        gas_limit=wanted.gas_limit,
        max_fee_per_gas=fees.max_fee_per_gas,
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
        l1_fee=wanted.l1_fee,
    )
    limits = read_limits(lane)
    check_freeing(row, wanted.kind, offer, limits)
    reserve_fee(row, offer.highest_fee, limits, enforce=False)
    check_funds(lane, row, offer.highest_cost, balance=wanted.look.balance)
    reached(Point.CHECKED, wanted.kind)
    move_transaction(
        row,
        S.SIGNED,
        actor=this_worker(),
        nonce=nonce,
        gas_limit=offer.gas_limit,
        reserved_amount=offer.highest_cost,
    )
    reached(Point.STATE_MOVED, wanted.kind)
    return write_attempt(lane, row, nonce, offer, signer)
