"""One signed attempt: what it offers, its signature, and its bytes as they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wallets.leases import LANE_LEASE, extend_lane
from wallets.models import Attempt, Network, NonceLane, Transaction
from wallets.signers.interface import SignedBytes, Signer
from wallets.transactions.points import Point, reached


@dataclass(frozen=True, slots=True)
class Offer:
    """What an attempt says and what it offers for its gas, in wei."""

    kind: str
    to: str
    value: int
    data: bytes
    gas_limit: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    l1_fee: int = 0

    @property
    def highest_fee(self) -> int:
        """The most its gas and L1 fee can cost, in wei."""
        return self.gas_limit * self.max_fee_per_gas + self.l1_fee

    @property
    def highest_cost(self) -> int:
        """The most it can take from the wallet: value and fees."""
        return self.value + self.highest_fee


@dataclass(frozen=True, slots=True)
class Draft:
    """An attempt that is to be: whose it is, at which nonce, and what it offers."""

    row: Transaction
    nonce: int
    offer: Offer


def write_attempt(
    lane: NonceLane, row: Transaction, nonce: int, offer: Offer, signer: Signer
) -> Attempt:
    """Sign the offer with a key that is here and store the bytes."""
    return write_attempts(lane, [Draft(row, nonce, offer)], signer)[0]


def write_attempts(lane: NonceLane, drafts: Sequence[Draft], signer: Signer) -> list[Attempt]:
    """The same of several, stored together."""
    signed = [sign_offer(lane, draft.nonce, draft.offer, signer) for draft in drafts]
    made = [_attempt(lane, *both) for both in zip(drafts, signed, strict=True)]
    return _store(made)


def ask_signer(lane: NonceLane, nonce: int, offer: Offer, signer: Signer) -> SignedBytes:
    """The offer signed elsewhere, outside every database transaction.

    The lane stays ours while the signer thinks; who lost it all the same cannot store the answer.
    """
    extend_lane(lane, timedelta(seconds=signer.answers_within) + LANE_LEASE)
    reached(Point.SIGNER_ASKED, offer.kind)
    return sign_offer(lane, nonce, offer, signer)


def sign_offer(lane: NonceLane, nonce: int, offer: Offer, signer: Signer) -> SignedBytes:
    """The offer as a transaction with this nonce, signed."""
    signed = signer.sign_transaction(_fields(lane.network, nonce, offer))
    reached(Point.SIGNED, offer.kind)
    return signed


def store_attempt(
    lane: NonceLane, row: Transaction, nonce: int, offer: Offer, signed: SignedBytes
) -> Attempt:
    """Keep the signed bytes; nothing leaves before the commit."""
    return _store([_attempt(lane, Draft(row, nonce, offer), signed)])[0]


def _store(attempts: list[Attempt]) -> list[Attempt]:
    stored = Attempt.objects.bulk_create(attempts)
    for attempt in stored:
        reached(Point.ATTEMPT_WRITTEN, attempt.kind)
    return stored


def _attempt(lane: NonceLane, draft: Draft, signed: SignedBytes) -> Attempt:
    offer = draft.offer
    return Attempt(
        transaction=draft.row,
        lane=lane,
        nonce=draft.nonce,
        kind=offer.kind,
        raw=signed.raw,
        hash=signed.hash,
        gas_limit=offer.gas_limit,
        max_fee_per_gas=offer.max_fee_per_gas,
        max_priority_fee_per_gas=offer.max_priority_fee_per_gas,
        l1_fee_estimate=offer.l1_fee,
        private_only=draft.row.private_only,
    )


def _fields(network: Network, nonce: int, offer: Offer) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "chainId": network.chain_id,
        "nonce": nonce,
        "to": offer.to,
        "value": offer.value,
        "data": offer.data,
        "gas": offer.gas_limit,
    }
    if network.fee_model == Network.FeeModel.LEGACY:
        return fields | {"gasPrice": offer.max_fee_per_gas}
    return fields | {
        "type": 2,
        "maxFeePerGas": offer.max_fee_per_gas,
        "maxPriorityFeePerGas": offer.max_priority_fee_per_gas,
    }
