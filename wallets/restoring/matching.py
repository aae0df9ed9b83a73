"""A mined transaction that the backup does not know, put in the place it has among our rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction as database

from wallets.models import Attempt, Network, NonceLane, Transaction
from wallets.restoring.spent import count_spent
from wallets.transactions.adoption import (
    ACTION,
    PROTOCOL,
    Found,
    adopted_attempt,
    close_by,
    does_it,
    holder_of,
    take_in,
)
from wallets.transactions.machine import move_transaction
from wallets.transactions.receipts import outcome_of, read_receipt, store_receipts
from wallets.transactions.states import ON_CHAIN, PENDING
from wallets.transactions.states import TransactionState as S

CLOCKS_DIFFER = timedelta(minutes=5)


class Kind(StrEnum):
    """What a mined transaction is to us."""

    OWN = "own"  # bytes of ours, stored before the backup was made
    ADOPTED = "adopted"  # not our bytes, and just what an unfinished intent was to do
    REPLACED = "replaced"  # at the nonce of an intent that was to do something else
    FOREIGN = "foreign"  # nothing that the backup knows of
    OPEN = "open"  # not decided yet; `sentence` says what is waited for


@dataclass(frozen=True, slots=True)
class Match:
    """A mined transaction and the row it belongs to now."""

    kind: Kind
    nonce: int
    tx_hash: str
    transaction: int | None = None
    sentence: str = ""


def match_mined(*, lane: NonceLane, found: Found, final: int, actor: str, reason: str) -> Match:
    """Give it its place; nothing is signed, and no intent it may have done is left to be.

    `final` is how many of the account's transactions no reorganisation takes back: before that
    nothing that could still be mined in its stead is given up.
    """
    with database.atomic():
        NonceLane.objects.select_for_update().get(pk=lane.pk)
        known = Attempt.objects.filter(hash=found.tx_hash).select_related("transaction").first()
        if known:
            return _own(known, found)
        match = _Place(lane, found, actor, reason).take(is_final=found.nonce < final)
        if match.kind is not Kind.OPEN:
            row = Transaction.objects.select_related("lane__wallet", "network").get(
                pk=match.transaction or 0
            )
            count_spent(row, found, is_meant=match.kind is Kind.ADOPTED)
        return match


def taken_in(network: Network, since: datetime) -> list[tuple[NonceLane, Match]]:
    """All that the network's lanes were given their places for since then, as the rows tell it."""
    rows = Attempt.objects.filter(kind=Attempt.Kind.ADOPTED, created_at__gte=since)
    rows = rows.filter(lane__network=network).select_related("lane__wallet", "transaction")
    return [
        (one.lane, Match(_kind(one), one.nonce, one.hash, one.transaction_id))
        for one in rows.order_by("pk")
    ]


def _kind(known: Attempt) -> Kind:
    """What it was when it was taken in: asked once more, it is no better explained."""
    if known.kind != Attempt.Kind.ADOPTED:
        return Kind.OWN
    if known.foreign:
        return Kind.REPLACED
    row = known.transaction
    return Kind.FOREIGN if (row.protocol, row.action) == (PROTOCOL, ACTION) else Kind.ADOPTED


def _own(known: Attempt, found: Found) -> Match:
    # "Never sent" was true of the backup; a watch looks only for what may have left.
    Attempt.objects.filter(pk=known.pk, times_sent=0).update(times_sent=1)
    row = known.transaction
    if row.state in (S.VOIDED, S.RESERVED):
        sentence = f"transaction {row.pk} is {row.state}, and an attempt of it is mined: see to it"
        return Match(Kind.OPEN, found.nonce, found.tx_hash, row.pk, sentence)
    return Match(_kind(known), found.nonce, found.tx_hash, row.pk)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a transaction that is not of our bytes belongs; inside a database transaction."""

    lane: NonceLane
    found: Found
    actor: str
    reason: str

    def take(self, *, is_final: bool) -> Match:
        holder = holder_of(self.lane, self.found.nonce)
        if holder is None:
            return self._without_holder()
        if holder.state in ON_CHAIN:
            return self._match(Kind.OPEN, holder, f"nonce is transaction {holder.pk}'s in a block")
        if does_it(holder, self.found):
            return self._match(Kind.ADOPTED, self._close(holder))
        if not is_final:
            sentence = (
                f"it is at the nonce of transaction {holder.pk}, does something else and is not "
                "final yet"
            )
            return self._match(Kind.OPEN, holder, sentence)
        return self._instead_of(holder)

    def _without_holder(self) -> Match:
        if intent := self._same_intent():
            return self._match(Kind.ADOPTED, self._include(intent))
        row = take_in(self.lane, self.found, actor=self.actor, reason=self.reason)
        return self._match(Kind.FOREIGN, row)

    def _instead_of(self, holder: Transaction) -> Match:
        """Its own intent may be one that has no nonce in the backup yet."""
        intent = self._same_intent()
        if intent is None:
            return self._match(Kind.REPLACED, self._close(holder))
        self._ask_a_person(holder)
        told = f"nonce {self.found.nonce} was used by transaction {intent.pk}: {self.reason}"
        move_transaction(holder, S.VOIDED, actor=self.actor, reason=told)
        sentence = f"transaction {holder.pk} lost its nonce to it and is voided"
        return self._match(Kind.ADOPTED, self._include(intent), sentence)

    def _same_intent(self) -> Transaction | None:
        """The first in our order that waits to do just that."""
        call = self.found.call
        waiting = self.lane.transactions.filter(
            state__in=(S.QUEUED, S.HELD),
            to=call["to"],
            value=call["value"],
            # What was done before anybody asked for it was another thing.
            created_at__lte=self.found.block.at + CLOCKS_DIFFER,
        )
        rows = waiting.filter(selector=call["selector"]).order_by("-priority", "id")
        return next((row for row in rows if bytes(row.data) == call["data"]), None)

    def _close(self, row: Transaction) -> Transaction:
        self._ask_a_person(row)
        return close_by(row, self.found, None, actor=self.actor, reason=self.reason)

    def _ask_a_person(self, row: Transaction) -> None:
        """The way of every nonce that was used elsewhere; the person has asked for the restore."""
        if row.state in PENDING:
            move_transaction(row, S.NEEDS_OPERATOR, actor=self.actor, reason=self.reason)

    def _include(self, row: Transaction) -> Transaction:
        attempt = adopted_attempt(row, self.found)
        receipt = read_receipt(row, attempt, self.found.receipt, self.found.block)
        store_receipts([receipt])
        why = f"done after the backup: {self.found.tx_hash}; {self.reason}"
        return move_transaction(
            row,
            S.INCLUDED,
            actor=self.actor,
            reason=why,
            nonce=self.found.nonce,
            gas_limit=attempt.gas_limit,
            outcome=outcome_of(attempt, receipt),
        )

    def _match(self, kind: Kind, row: Transaction, sentence: str = "") -> Match:
        return Match(kind, self.found.nonce, self.found.tx_hash, row.pk, sentence)
