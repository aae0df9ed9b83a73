"""Our own transactions as history: what their receipts say, with nobody asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction as database
from django.db.models import QuerySet

from analytics.chain_history.apps import is_app
from analytics.chain_history.movements import Move, moves_in, sides
from analytics.chain_history.scope import Found, Scope, scope_of
from analytics.chain_history.storing import store
from analytics.chain_history.storing_transfers import INSIDE
from analytics.models import ChainTransaction, ChainTransfer, Claim, Source
from protocols.settlements import SettlementError, settlement_from_json
from scheduling.models import Step
from wallets.models import Attempt, Receipt, Transaction, Wallet
from wallets.transactions.states import TransactionState as S

VALUE_PLACE = ChainTransfer.VALUE_PLACE


@dataclass(frozen=True, slots=True)
class _Own:
    """A transaction of ours, its block's word, and the step it carried out."""

    row: Transaction
    receipt: Receipt
    step: Step | None

    @property
    def hash(self) -> str:
        return self.receipt.attempt.hash.lower()

    @property
    def did_it(self) -> bool:
        """Whether the block has what was meant, and not its cancel."""
        return self.receipt.attempt.kind != Attempt.Kind.CANCEL and not self.receipt.attempt.foreign


def record_transactions(ids: Iterable[int]) -> int:
    """Bring history in line with these transactions; what is undone is in it no more.

    How many rows were written or taken out.
    """
    wanted = list(ids)
    receipts = Receipt.objects.filter(
        transaction__in=wanted, transaction__state__in=(S.CONFIRMED, S.FINAL), canonical=True
    ).order_by("pk")
    related = ("attempt", "transaction__lane", "transaction__network")
    found = list(receipts.select_related(*related))
    steps = {step.transaction_id: step for step in Step.objects.filter(transaction__in=wanted)}
    own = [_Own(one.transaction, one, steps.get(one.transaction_id)) for one in found]
    with database.atomic():
        changed = _forget(wanted, {one.hash for one in own})
        wallets = list(Wallet.objects.all()) if own else []
        for network in {one.row.network for one in own}:
            scope = scope_of(network, wallets)
            here = [one for one in own if one.row.network_id == network.pk]
            changed += sum(store(network, _found(scope, here)))
    return changed


def _forget(ids: Sequence[int], valid: set[str]) -> int:
    """Take out what only we told, of attempts that are in no block any more."""
    hashes = Attempt.objects.filter(transaction__in=ids).values_list("hash", flat=True)
    undone = [tx for tx in hashes if tx not in valid]
    if not undone:
        return 0
    sent = ChainTransaction.objects.filter(hash__in=undone, source=Source.OWN)
    # What the books rest on is theirs to reverse first.
    moved = ChainTransfer.objects.filter(hash__in=undone, source=Source.OWN, entry=None)
    _not_claimed(moved)
    return sent.delete()[0] + moved.delete()[0]


def _not_claimed(undone: QuerySet[ChainTransfer]) -> None:
    """What these transfers had claimed is there to be claimed again."""
    claims = Claim.objects.filter(transfer__in=undone)
    claims.filter(status=Claim.Status.CLAIMED, transaction=None).update(
        status=Claim.Status.CLAIMABLE, claimed_hash=""
    )
    Claim.objects.filter(transfer__in=undone).update(transfer=None)


def _found(scope: Scope, own: Sequence[_Own]) -> Found:
    return Found(
        [_row(scope, one) for one in own if not one.receipt.attempt.foreign],
        [row for one in own for row in _transfers(scope, one)],
    )


def _row(scope: Scope, one: _Own) -> ChainTransaction:
    row, receipt = one.row, one.receipt
    to = row.to if one.did_it else _sender(scope, row)
    return ChainTransaction(
        network=row.network,
        wallet_id=row.lane.wallet_id,
        hash=one.hash,
        block_number=receipt.block_number,
        block_at=receipt.block_at,
        nonce=receipt.attempt.nonce,
        recipient=to,
        selector=row.selector if one.did_it else "",
        value=row.value if one.did_it else 0,
        fee=receipt.fee,
        succeeded=receipt.succeeded,
        # The registry knows contracts alone; of others nobody was asked.
        to_contract=True if to in scope.protocols else None,
        app=is_app(receipt.logs, scope.wrapped),
        protocol=row.protocol if one.did_it else "",
        action=row.action if one.did_it else "",
        source=Source.OWN,
    )


def _sender(scope: Scope, row: Transaction) -> str:
    """A cancel goes to its own sender."""
    by_pk = {pk: address for address, pk in scope.owners.items()}
    return by_pk[row.lane.wallet_id]


def _transfers(scope: Scope, one: _Own) -> list[ChainTransfer]:
    row, receipt = one.row, one.receipt
    if not receipt.succeeded:
        return []
    moves = moves_in(scope, [_log(one, log) for log in receipt.logs])
    if one.did_it:
        wallet = _sender(scope, row)
        if row.value:
            value = (VALUE_PLACE, "", wallet, row.to, row.value, receipt.block_number)
            moves.append(Move(one.hash, *value))
        moves += _inside(one, wallet)
    return [
        ChainTransfer(
            network=row.network,
            wallet_id=owner,
            hash=one.hash,
            place=move.place,
            direction=direction,
            token_address=move.token,
            counterparty=other,
            amount=move.amount,
            block_number=receipt.block_number,
            block_at=receipt.block_at,
            source=Source.OWN,
        )
        for move, owner, direction, other in sides(scope, moves)
    ]


def _inside(one: _Own, wallet: str) -> list[Move]:
    """Coin that a contract paid out: it leaves no log, the settlement knows it."""
    if one.step is None or one.step.settled_receipt_id != one.receipt.pk:
        return []
    try:
        moved = settlement_from_json(one.step.settlement).movements
    except SettlementError:
        return []  # the books say so
    paid = [move for move in moved if not move.token and move.direction == "in"]
    block = one.receipt.block_number
    return [
        Move(one.hash, INSIDE, "", move.counterparty, wallet, move.amount, block) for move in paid
    ]


def _log(one: _Own, log: dict[str, Any]) -> dict[str, Any]:
    """As a node would give it: some leave out of a receipt's logs what the receipt says."""
    where = {"transactionHash": one.hash, "blockNumber": hex(one.receipt.block_number)}
    return {**log, **where}
