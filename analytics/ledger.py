"""The books: bring a transaction's entries in line with what the chain says of it now."""

from dataclasses import dataclass

from django.db import transaction as database

from analytics.models import LedgerEntry
from protocols.actions import Movement
from protocols.settlements import settlement_from_json
from scheduling.models import Step
from scheduling.states import StepState
from wallets.models import Receipt, Token, Transaction, Wallet
from wallets.transactions.states import TransactionState as S

FEE_ORDINAL = 0
# Entries of the receiving wallet, when it is ours too, stand beside the sender's.
MIRROR = 10_000


class BookingError(Exception):
    """The transaction cannot be booked yet; it stays unbooked and is tried again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry should say."""

    ordinal: int
    wallet_id: int
    token_address: str
    kind: str
    amount: int
    counterparty: str = ""


def book_transaction(*, transaction_id: int) -> int:
    """Make, finalise or reverse entries until they fit the facts; how many rows changed."""
    with database.atomic():
        row = Transaction.objects.select_for_update().get(pk=transaction_id)
        receipt = row.receipts.filter(canonical=True).first()
        booked = receipt if row.state in (S.CONFIRMED, S.FINAL) else None
        changed = _reverse_others(row, booked)
        if booked is not None:
            changed += _write(row, booked)
        return changed


def _reverse_others(row: Transaction, receipt: Receipt | None) -> int:
    """Entries of receipts that do not count any more."""
    stale = LedgerEntry.objects.filter(transaction=row).exclude(status="reversed")
    if receipt is not None:
        stale = stale.exclude(receipt=receipt)
    return stale.update(status=LedgerEntry.Status.REVERSED)


def _write(row: Transaction, receipt: Receipt) -> int:
    status = LedgerEntry.Status.FINAL if row.state == S.FINAL else LedgerEntry.Status.PROVISIONAL
    step = Step.objects.filter(transaction=row).first()
    kept = {entry.ordinal: entry for entry in LedgerEntry.objects.filter(receipt=receipt)}
    changed = 0
    for entry in _entries(row, receipt, step):
        known = kept.get(entry.ordinal)
        if known is None:
            _create(row, receipt, step, entry, status=status)
            changed += 1
        elif known.status != status:
            changed += LedgerEntry.objects.filter(pk=known.pk).update(status=status)
    return changed


def _entries(row: Transaction, receipt: Receipt, step: Step | None) -> list[Entry]:
    """Everything the receipt moved for wallets of ours, in a fixed order."""
    wallet = row.lane.wallet
    entries = [Entry(FEE_ORDINAL, wallet.pk, "", LedgerEntry.Kind.FEE, receipt.fee)]
    movements = _movements(row, receipt, step)
    own = dict(
        Wallet.objects.filter(
            address__in=[movement.counterparty for movement in movements]
        ).values_list("address", "pk")
    )
    for place, movement in enumerate(movements, start=1):
        entries.append(
            Entry(
                place,
                wallet.pk,
                movement.token,
                movement.direction,
                movement.amount,
                movement.counterparty,
            )
        )
        receiver = own.get(movement.counterparty)
        if movement.direction == "out" and receiver is not None:
            entries.append(
                Entry(
                    MIRROR + place,
                    receiver,
                    movement.token,
                    LedgerEntry.Kind.IN,
                    movement.amount,
                    wallet.address,
                )
            )
    return entries


def _movements(row: Transaction, receipt: Receipt, step: Step | None) -> tuple[Movement, ...]:
    if not receipt.succeeded:
        return ()
    if step is None:
        # Nobody settles a transaction without a step; its native value is all that is known.
        moved = row.value and row.to != row.lane.wallet.address
        return (Movement("", "out", row.value, row.to),) if moved else ()  # type: ignore[arg-type]
    if step.state != StepState.SETTLED or step.settled_receipt_id != receipt.pk:
        # Its settlement comes; until then only the fee is known.
        return ()
    return settlement_from_json(step.settlement or {}).movements


def _create(
    row: Transaction, receipt: Receipt, step: Step | None, entry: Entry, *, status: str
) -> None:
    token = Token.objects.filter(network=row.network, address=entry.token_address).first()
    if token is None:
        raise BookingError(
            f"transaction {row.pk} moved the token {entry.token_address or 'native'} on "
            f"{row.network}, which is not registered; add it under Tokens"
        )
    LedgerEntry.objects.create(
        wallet_id=entry.wallet_id,
        token=token,
        kind=entry.kind,
        amount=entry.amount,
        counterparty=entry.counterparty,
        transaction=row,
        receipt=receipt,
        step=step,
        ordinal=entry.ordinal,
        status=status,
        occurred_at=receipt.block_at,
    )
