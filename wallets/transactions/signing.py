"""Check, take nonces, sign and store the bytes: one short database transaction, no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction as database
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from wallets.actors import this_worker
from wallets.amounts import SumAmount
from wallets.leases import hold_lane
from wallets.models import Attempt, Limit, NonceLane, Receipt, Transaction, Wallet
from wallets.recipients import receivers_among
from wallets.signers.interface import Signer
from wallets.transactions import guards
from wallets.transactions.allowances import revoked_by
from wallets.transactions.attempts import Draft, Offer, write_attempts
from wallets.transactions.holds import Held
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.look import Quote, fee_ceiling
from wallets.transactions.machine import (
    hold_transaction,
    move_each_transaction,
    move_transaction,
    move_transactions,
    unchanged_transactions,
)
from wallets.transactions.points import Point, reached
from wallets.transactions.policy import Permit, PolicyRefusal, check_policy
from wallets.transactions.spending import Allotment
from wallets.transactions.states import PENDING, UNSENT, HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import Stops, read_stops
from wallets.transitions import LostRace

log = structlog.get_logger(__name__)

_ORIGINAL = Attempt.Kind.ORIGINAL


class MayNotSign(Exception):
    """The lane was paused since its turn began, or its wallet lost its word; nothing changed."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A transaction and what it needs."""

    row: Transaction
    quote: Quote

    @property
    def highest_cost(self) -> int:
        """The most it can take from the wallet: value and fees."""
        return self.row.value + self.quote.highest_fee

    @property
    def is_over(self) -> bool:
        """Whether its time has run out: the next turn ends it."""
        return self.row.valid_until is not None and self.row.valid_until <= timezone.now()


@dataclass(frozen=True, slots=True)
class Admitted:
    """What may be signed, and at which nonce."""

    quoted: Quoted
    permit: Permit
    nonce: int


Denied = tuple[Transaction, Held | PolicyRefusal]


def sign_and_store(
    lane: NonceLane, quoted: Sequence[Quoted], signer: Signer, *, room: int
) -> list[Attempt]:
    """The signed attempts, committed, in the order of their nonces; `room` of them at most.

    What may not be signed now is held or refused; what has changed since it was read is left.
    """
    with database.atomic():
        admitted, denied = take_nonces(lane, quoted, S.SIGNED, room=room)
        attempts = write_attempts(lane, [_draft(one) for one in admitted], signer)
    deny(denied)
    for attempt in attempts:
        reached(Point.STORED, attempt.kind)
    return attempts


def deny(denied: Sequence[Denied]) -> None:
    """Hold or refuse what was not admitted; what somebody else has changed meanwhile is left."""
    for row, why in denied:
        try:
            _deny(row, why)
        except LostRace:
            log.info("denial_lost_race", transaction=row.pk)


def _deny(row: Transaction, why: Held | PolicyRefusal) -> None:
    if isinstance(why, Held):
        hold_transaction(row, why.why, why.sentence, actor=this_worker())
    else:
        move_transaction(row, S.REFUSED, actor=this_worker(), reason=f"policy: {why}")


def next_nonce(lane: NonceLane) -> int:
    """One above every nonce ever given in this lane, starting at its baseline."""
    given = lane.transactions.aggregate(highest=Max("nonce"))["highest"]
    baseline = lane.baseline_nonce or 0
    return max(baseline - 1, -1 if given is None else given) + 1


def take_nonces(
    lane: NonceLane, quoted: Sequence[Quoted], to: S, *, room: int
) -> tuple[list[Admitted], list[Denied]]:
    """Check everything, hold back what they may cost, and give the transactions their nonces.

    Inside the caller's database transaction. What stands for all of them (the lane, the stops, the
    limits, what is under way) is read once. MayNotSign changes nothing.
    """
    if hold_lane(lane).paused:
        raise MayNotSign
    reached(Point.LANE_HELD, _ORIGINAL)
    if lane.transactions.filter(state__in=UNSENT).exists():
        return [], []
    quoted = [one for one in quoted if not one.is_over]
    same = {row.pk for row in unchanged_transactions([one.row for one in quoted])}
    limits = read_limits(lane)
    permitted, denied = _permitted([one for one in quoted if one.row.pk in same], limits)
    admitted = _admit(lane, permitted, denied, limits, room)
    reached(Point.NONCE_TAKEN, _ORIGINAL)
    _move(admitted, to)
    reached(Point.STATE_MOVED, _ORIGINAL)
    return admitted, denied


def _permitted(
    quoted: Sequence[Quoted], limits: Limits
) -> tuple[list[tuple[Quoted, Permit]], list[Denied]]:
    """Which of them policy, guards, stops and ceilings let pass."""
    permitted: list[tuple[Quoted, Permit]] = []
    denied: list[Denied] = []
    if not quoted:
        return permitted, denied
    _require_verified(quoted[0].row.lane.wallet)
    standing = read_standing([one.row for one in quoted], limits)
    for one in quoted:
        row, quote = one.row, one.quote
        try:
            permit = check_call(row, quote.code_hash, standing)
            check_fee(row, quote.fees.max_fee_per_gas, quote.highest_fee, limits)
        except (Held, PolicyRefusal) as why:
            denied.append((row, why))
        else:
            permitted.append((one, permit))
    return permitted, denied


def _require_verified(wallet: Wallet) -> None:
    """MayNotSign for one that is archived, in doubt or renamed since the turn began.

    The next says so, or finds the limits that name it now.
    """
    same = Wallet.objects.filter(pk=wallet.pk, label=wallet.label)
    if not same.filter(status=Wallet.Status.VERIFIED).exists():
        raise MayNotSign


def _admit(
    lane: NonceLane,
    permitted: Sequence[tuple[Quoted, Permit]],
    denied: list[Denied],
    limits: Limits,
    room: int,
) -> list[Admitted]:
    """Those the wallet and the day's limits can pay for, one after the other."""
    allotment = Allotment(limits, [(one.row, permit) for one, permit in permitted])
    if not permitted:
        return []
    block = permitted[0][0].quote.block
    under_way, nonce = reserved_by(lane) + mined_since(lane, block), next_nonce(lane)
    admitted: list[Admitted] = []
    for one, permit in permitted:
        if len(admitted) == room:
            break
        keep = max(limits.amounts(one.row, Limit.Kind.MIN_NATIVE_BALANCE), default=0)
        need = Need(one.highest_cost, under_way, keep)
        try:
            check_funds(lane, need, balance=one.quote.balance)
            allotment.take(one.row, permit, one.quote.highest_fee)
        except (Held, PolicyRefusal) as why:
            denied.append((one.row, why))
            continue
        reached(Point.CHECKED, _ORIGINAL)
        admitted.append(Admitted(one, permit, nonce))
        under_way, nonce = under_way + one.highest_cost, nonce + 1
    allotment.store()
    return admitted


def _move(admitted: Sequence[Admitted], to: S) -> None:
    actor = this_worker()
    held = [one.quoted.row for one in admitted if one.quoted.row.state == S.HELD]
    move_transactions(held, S.QUEUED, actor=actor, reason="the reason to hold is gone")
    places = enumerate(admitted)
    changes = [(one.quoted.row, _fields(one, place, to)) for place, one in places]
    move_each_transaction(changes, to, actor=actor)


def _fields(one: Admitted, place: int, to: S) -> dict[str, Any]:
    quote = one.quoted.quote
    # What a signer that is elsewhere is to sign.
    offered = {
        "reserved_max_fee": quote.fees.max_fee_per_gas,
        "reserved_tip": quote.fees.max_priority_fee_per_gas,
        "reserved_l1_fee": quote.l1_fee,
    }
    return (offered if to is S.RESERVED else {}) | {
        "nonce": one.nonce,
        "unsent_place": place,
        "gas_limit": quote.gas_limit,
        "policy_digest": one.permit.digest,
        "reserved_amount": one.quoted.highest_cost,
        "simulation_block": quote.block,
        "simulation_result": "passed",
    }


def _draft(one: Admitted) -> Draft:
    row, quote = one.quoted.row, one.quoted.quote
    offer = Offer(
        kind=_ORIGINAL,
        to=row.to,
        value=row.value,
        data=bytes(row.data),
        gas_limit=quote.gas_limit,
        max_fee_per_gas=quote.fees.max_fee_per_gas,
        max_priority_fee_per_gas=quote.fees.max_priority_fee_per_gas,
        l1_fee=quote.l1_fee,
    )
    return Draft(row, one.nonce, offer)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at the moment of signing: inside one database transaction, read once."""

    limits: Limits
    stops: Stops
    verdicts: guards.Verdicts
    receivers: frozenset[str]


def read_standing(rows: Sequence[Transaction], limits: Limits) -> Standing:
    """What stands for the transactions of one lane."""
    called = {row.to for row in rows if not row.data}
    receivers = receivers_among(called, rows[0].network) if called else frozenset()
    return Standing(limits, read_stops(), guards.ask_all(rows, limits), receivers)


def check_call(row: Transaction, code_hash: str, standing: Standing) -> Permit:
    """The permit to sign the transaction's own call, with this code at the called address."""
    permit = check_permission(row, _ORIGINAL, standing)
    if permit.code_hash and permit.code_hash != code_hash:
        raise PolicyRefusal(f"the code at {row.to} is not the code that was registered")
    return permit


def check_permission(row: Transaction, kind: str, standing: Standing) -> Permit:
    """The permit to sign the transaction's own call once more: stop, policy, guards."""
    if reason := standing.stops.reason(row, kind):
        raise Held(HoldReason.STOP, reason)
    permit = check_policy(row, standing.limits, standing.receivers)
    if revoked_by(row):
        # It only takes power back: no floor above is asked for its consent.
        return permit
    verdict = standing.verdicts[row.pk]
    if verdict.answer is guards.Answer.REFUSE:
        raise PolicyRefusal(verdict.sentence)
    if verdict.answer is guards.Answer.HOLD:
        raise Held(verdict.why, verdict.sentence)
    return permit


def check_fee(row: Transaction, fee_per_gas: int, highest_fee: int, limits: Limits) -> None:
    """Held unless both fees, in wei, are within every limit that covers the transaction."""
    ceiling = fee_ceiling(row, limits)
    if ceiling is not None and fee_per_gas > ceiling:
        raise Held(
            HoldReason.FEE_CEILING,
            f"it would offer {fee_per_gas} wei per gas, the ceiling is {ceiling} wei",
        )
    for cap in limits.amounts(row, Limit.Kind.MAX_TRANSACTION_FEE):
        if highest_fee > cap:
            raise Held(
                HoldReason.FEE_CEILING,
                f"it may cost {highest_fee} wei in fees, the limit is {cap} wei",
            )


@dataclass(frozen=True, slots=True)
class Need:
    """What a wallet must have, in wei: for the transaction, what is under way, and what remains."""

    cost: int
    under_way: int
    keep: int = 0


def reserved_by(lane: NonceLane, *, besides: Transaction | None = None) -> int:
    """What the lane's unmined transactions hold back, in wei."""
    rows = lane.transactions.filter(state__in=PENDING)
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    total: int = rows.aggregate(total=SumAmount("reserved_amount"))["total"]
    return total


def mined_since(lane: NonceLane, block: int) -> int:
    """What the lane's transactions of this block and later held back, in wei.

    The balance was read at it: these may have left what is under way since, and not the balance.
    """
    mined = Receipt.objects.filter(
        transaction=OuterRef("pk"), canonical=True, block_number__gte=block
    )
    rows = lane.transactions.filter(Exists(mined), state__in=(S.INCLUDED, S.CONFIRMED))
    total: int = rows.aggregate(total=SumAmount("reserved_amount"))["total"]
    return total


def check_funds(lane: NonceLane, need: Need, *, balance: int) -> None:
    """Held unless the wallet can pay the transaction beside everything under way."""
    total = need.cost + need.under_way + need.keep
    if balance < total:
        raise Held(
            HoldReason.FUNDS,
            f"{lane.wallet.label} has {balance} wei and needs {total} wei "
            f"(value, highest fee, {need.under_way} already under way, {need.keep} to remain)",
        )
