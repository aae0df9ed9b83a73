"""Check, take the nonce, sign and store the bytes: one short database transaction, no network."""

from typing import Any

from django.db import transaction as database
from django.db.models import Max

from wallets.actors import this_worker
from wallets.amounts import SumAmount
from wallets.leases import hold_lane
from wallets.models import Attempt, Limit, Network, NonceLane, Transaction
from wallets.signers.interface import Signer
from wallets.transactions import guards
from wallets.transactions.machine import hold_transaction, move_transaction
from wallets.transactions.policy import PolicyRefusal, check_policy, limits_for
from wallets.transactions.quote import Quote
from wallets.transactions.states import PENDING, HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import stop_reason


class Held(Exception):
    """Not now; the reason and the sentence go on the transaction."""

    def __init__(self, why: HoldReason, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why
        self.sentence = sentence


def sign_and_store(
    lane: NonceLane, row: Transaction, quote: Quote, signer: Signer
) -> Attempt | None:
    """The signed attempt, committed; None when the transaction was held or refused instead."""
    actor = this_worker()
    try:
        with database.atomic():
            return _sign(lane, row, quote, signer, actor=actor)
    except Held as held:
        hold_transaction(row, held.why, held.sentence, actor=actor)
    except PolicyRefusal as refusal:
        move_transaction(row, S.REFUSED, actor=actor, reason=f"policy: {refusal}")
    return None


def next_nonce(lane: NonceLane) -> int:
    """One above every nonce ever given in this lane, starting at its baseline."""
    given = lane.transactions.aggregate(highest=Max("nonce"))["highest"]
    baseline = lane.baseline_nonce or 0
    return max(baseline - 1, -1 if given is None else given) + 1


def _sign(
    lane: NonceLane, row: Transaction, quote: Quote, signer: Signer, *, actor: str
) -> Attempt:
    hold_lane(lane)
    if reason := stop_reason(row):
        raise Held(HoldReason.STOP, reason)
    permit = check_policy(row)
    if permit.code_hash and permit.code_hash != quote.code_hash:
        raise PolicyRefusal(f"the code at {row.to} is not the code that was registered")
    _ask_guards(row)
    _check_fee(row, quote)
    _check_funds(lane, row, quote)
    nonce = next_nonce(lane)
    signed = signer.sign_transaction(_fields(lane, row, quote, nonce))
    if row.state == S.HELD:
        move_transaction(row, S.QUEUED, actor=actor, reason="the reason to hold is gone")
    move_transaction(
        row,
        S.SIGNED,
        actor=actor,
        nonce=nonce,
        gas_limit=quote.gas_limit,
        policy_digest=permit.digest,
        reserved_amount=row.value + quote.highest_fee,
        simulation_block=quote.block,
        simulation_result="passed",
    )
    return Attempt.objects.create(
        transaction=row,
        lane=lane,
        nonce=nonce,
        kind=Attempt.Kind.ORIGINAL,
        raw=signed.raw,
        hash=signed.hash,
        gas_limit=quote.gas_limit,
        max_fee_per_gas=quote.fees.max_fee_per_gas,
        max_priority_fee_per_gas=quote.fees.max_priority_fee_per_gas,
        l1_fee_estimate=quote.l1_fee,
    )


def _ask_guards(row: Transaction) -> None:
    verdict = guards.ask_all(row)
    if verdict.answer is guards.Answer.REFUSE:
        raise PolicyRefusal(verdict.sentence)
    if verdict.answer is guards.Answer.HOLD:
        raise Held(HoldReason.UNKNOWN, verdict.sentence)


def _check_fee(row: Transaction, quote: Quote) -> None:
    for cap in limits_for(row, Limit.Kind.MAX_TRANSACTION_FEE):
        if quote.highest_fee > cap:
            raise Held(
                HoldReason.FEE_CEILING,
                f"it may cost {quote.highest_fee} wei in fees, the limit is {cap} wei",
            )


def _check_funds(lane: NonceLane, row: Transaction, quote: Quote) -> None:
    reserved = lane.transactions.filter(state__in=PENDING).aggregate(
        total=SumAmount("reserved_amount")
    )["total"]
    keep = max(limits_for(row, Limit.Kind.MIN_NATIVE_BALANCE), default=0)
    need = row.value + quote.highest_fee + reserved + keep
    if quote.balance < need:
        raise Held(
            HoldReason.FUNDS,
            f"{lane.wallet.label} has {quote.balance} wei and needs {need} wei "
            f"(value, highest fee, {reserved} already under way, {keep} to remain)",
        )


def _fields(lane: NonceLane, row: Transaction, quote: Quote, nonce: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "chainId": lane.network.chain_id,
        "nonce": nonce,
        "to": row.to,
        "value": row.value,
        "data": bytes(row.data),
        "gas": quote.gas_limit,
    }
    if lane.network.fee_model == Network.FeeModel.LEGACY:
        return fields | {"gasPrice": quote.fees.max_fee_per_gas}
    return fields | {
        "type": 2,
        "maxFeePerGas": quote.fees.max_fee_per_gas,
        "maxPriorityFeePerGas": quote.fees.max_priority_fee_per_gas,
    }
