"""Check, take the nonce, sign and store the bytes: one short database transaction, no network."""

from collections.abc import Callable
from typing import Any

from django.db import transaction as database
from django.db.models import Max

from wallets.actors import this_worker
from wallets.amounts import SumAmount
from wallets.leases import hold_lane
from wallets.models import Attempt, Limit, NonceLane, Transaction
from wallets.signers.interface import Signer
from wallets.transactions import guards
from wallets.transactions.allowances import revoked_by
from wallets.transactions.attempts import Offer, write_attempt
from wallets.transactions.holds import Held
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.look import Quote, fee_ceiling
from wallets.transactions.machine import hold_transaction, move_transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.policy import Permit, PolicyRefusal, check_policy
from wallets.transactions.spending import reserve
from wallets.transactions.states import PENDING, HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import stop_reason


class LanePaused(Exception):
    """The lane was paused since its turn began; nothing was changed."""


def sign_and_store(
    lane: NonceLane, row: Transaction, quote: Quote, signer: Signer
) -> Attempt | None:
    """The signed attempt, committed; None when the transaction was held or refused instead."""
    attempt = admitted(row, lambda: _sign(lane, row, quote, signer))
    if attempt is not None:
        reached(Point.STORED, attempt.kind)
    return attempt


def admitted[Result](row: Transaction, work: Callable[[], Result]) -> Result | None:
    """What the work returns, committed; None when it held or refused the transaction instead."""
    try:
        with database.atomic():
            return work()
    except Held as held:
        hold_transaction(row, held.why, held.sentence, actor=this_worker())
    except PolicyRefusal as refusal:
        move_transaction(row, S.REFUSED, actor=this_worker(), reason=f"policy: {refusal}")
    return None


def next_nonce(lane: NonceLane) -> int:
    """One above every nonce ever given in this lane, starting at its baseline."""
    given = lane.transactions.aggregate(highest=Max("nonce"))["highest"]
    baseline = lane.baseline_nonce or 0
    return max(baseline - 1, -1 if given is None else given) + 1


def _sign(lane: NonceLane, row: Transaction, quote: Quote, signer: Signer) -> Attempt:
    nonce = take_nonce(lane, row, quote, S.SIGNED)
    return write_attempt(lane, row, nonce, _offer(row, quote), signer)


def take_nonce(lane: NonceLane, row: Transaction, quote: Quote, to: S, **fields: Any) -> int:
    """Check everything, hold back what it may cost, and give the transaction its nonce.

    Inside the caller's database transaction. Held, PolicyRefusal or LanePaused change nothing.
    """
    kind, actor = Attempt.Kind.ORIGINAL, this_worker()
    if hold_lane(lane).paused:
        raise LanePaused
    reached(Point.LANE_HELD, kind)
    limits = read_limits(lane)
    permit = check_call(row, quote.code_hash, limits)
    check_fee(row, quote.fees.max_fee_per_gas, quote.highest_fee, limits)
    keep = max(limits.amounts(row, Limit.Kind.MIN_NATIVE_BALANCE), default=0)
    check_funds(lane, row, quote.highest_fee + row.value, balance=quote.balance, keep=keep)
    reserve(row, permit, quote.highest_fee, limits)
    reached(Point.CHECKED, kind)
    nonce = next_nonce(lane)
    reached(Point.NONCE_TAKEN, kind)
    if row.state == S.HELD:
        move_transaction(row, S.QUEUED, actor=actor, reason="the reason to hold is gone")
    move_transaction(
        row,
        to,
        actor=actor,
        nonce=nonce,
        gas_limit=quote.gas_limit,
        policy_digest=permit.digest,
        reserved_amount=row.value + quote.highest_fee,
        simulation_block=quote.block,
        simulation_result="passed",
        **fields,
    )
    reached(Point.STATE_MOVED, kind)
    return nonce


def _offer(row: Transaction, quote: Quote) -> Offer:
    return Offer(
        kind=Attempt.Kind.ORIGINAL,
        to=row.to,
        value=row.value,
        data=bytes(row.data),
        gas_limit=quote.gas_limit,
        max_fee_per_gas=quote.fees.max_fee_per_gas,
        max_priority_fee_per_gas=quote.fees.max_priority_fee_per_gas,
        l1_fee=quote.l1_fee,
    )


def check_call(row: Transaction, code_hash: str, limits: Limits) -> Permit:
    """The permit to sign the transaction's own call, with this code at the called address."""
    permit = check_permission(row, Attempt.Kind.ORIGINAL, limits)
    if permit.code_hash and permit.code_hash != code_hash:
        raise PolicyRefusal(f"the code at {row.to} is not the code that was registered")
    return permit


def check_permission(row: Transaction, kind: str, limits: Limits) -> Permit:
    """The permit to sign the transaction's own call once more: stop, policy, guards."""
    if reason := stop_reason(row, kind):
        raise Held(HoldReason.STOP, reason)
    permit = check_policy(row, limits)
    if revoked_by(row):
        # It only takes power back: no floor above is asked for its consent.
        return permit
    verdict = guards.ask_all(row)
    if verdict.answer is guards.Answer.REFUSE:
        raise PolicyRefusal(verdict.sentence)
    if verdict.answer is guards.Answer.HOLD:
        raise Held(HoldReason.UNKNOWN, verdict.sentence)
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


def check_funds(
    lane: NonceLane, row: Transaction, cost: int, *, balance: int, keep: int = 0
) -> None:
    """Held unless the wallet can pay `cost` beside everything under way, and `keep` remains."""
    under_way = lane.transactions.filter(state__in=PENDING).exclude(pk=row.pk)
    reserved = under_way.aggregate(total=SumAmount("reserved_amount"))["total"]
    need = cost + reserved + keep
    if balance < need:
        raise Held(
            HoldReason.FUNDS,
            f"{lane.wallet.label} has {balance} wei and needs {need} wei "
            f"(value, highest fee, {reserved} already under way, {keep} to remain)",
        )
