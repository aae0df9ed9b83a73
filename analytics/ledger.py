"""The books: bring a transaction's entries in line with what the chain says of it now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction as database

from analytics.models import LedgerEntry
from protocols.actions import Movement
from protocols.settlements import SettlementError, settlement_from_json
from scheduling.models import Step
from wallets.addresses import parse_address
from wallets.models import Receipt, Token, Transaction, Wallet
from wallets.transactions.states import Outcome
from wallets.transactions.states import TransactionState as S

Kind, Status = LedgerEntry.Kind, LedgerEntry.Status

FEE = 0  # the fee's ordinal; movement n has 2n - 1, its other side within our wallets 2n
OTHER_SIDE = {"in": Kind.OUT, "out": Kind.IN}
# What an entry says; all else about it is how it is kept.
FACTS = (
    "wallet_id",
    "token_id",
    "kind",
    "amount",
    "counterparty",
    "step_id",
    "occurred_at",
    "status",
)


class BookingError(Exception):
    """The transaction cannot be booked yet; its entries stay as they were."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the receipt did to one wallet; `token` empty for the native coin."""

    ordinal: int
    wallet_id: int
    token: str
    kind: str
    amount: int
    counterparty: str = ""


def book_transaction(*, transaction_id: int) -> int:
    """Make, correct or reverse entries until they fit the facts; how many rows changed."""
    with database.atomic():
        # Locked, so that nobody undoes the receipt while its entries are written.
        rows = Transaction.objects.select_for_update(of=("self",), no_key=True)
        row = rows.select_related("lane__wallet").get(pk=transaction_id)
        kept = {
            (entry.receipt_id, entry.ordinal): entry
            for entry in LedgerEntry.objects.filter(transaction=row)
        }
        changed = 0
        for wanted in _entries(row):
            changed += _write(wanted, kept.pop((wanted.receipt_id, wanted.ordinal), None))
        return changed + _reverse(kept.values())


def _write(wanted: LedgerEntry, known: LedgerEntry | None) -> int:
    if known is None:
        wanted.save()
        return 1
    if all(getattr(known, fact) == getattr(wanted, fact) for fact in FACTS):
        return 0
    for fact in FACTS:
        setattr(known, fact, getattr(wanted, fact))
    known.save(update_fields=FACTS)
    return 1


def _reverse(entries: Iterable[LedgerEntry]) -> int:
    """What no canonical receipt says any more stays in the books, and counts for nothing."""
    valid = [entry.pk for entry in entries if entry.status != Status.REVERSED]
    if not valid:
        return 0
    return LedgerEntry.objects.filter(pk__in=valid).update(status=Status.REVERSED)


def _entries(row: Transaction) -> list[LedgerEntry]:
    """What the books should say of the transaction now."""
    receipt = row.receipts.filter(canonical=True).first()
    if receipt is None or row.state not in (S.CONFIRMED, S.FINAL):
        return []
    step = Step.objects.filter(transaction=row).first()
    lines = _lines(row.lane.wallet, receipt, _movements(row, receipt, step))
    tokens = _tokens(row, {line.token for line in lines})
    return [
        LedgerEntry(
            wallet_id=line.wallet_id,
            token=tokens[line.token],
            kind=line.kind,
            amount=line.amount,
            counterparty=line.counterparty,
            transaction=row,
            receipt=receipt,
            step=step,
            ordinal=line.ordinal,
            status=Status.FINAL if row.state == S.FINAL else Status.PROVISIONAL,
            occurred_at=receipt.block_at,
        )
        for line in lines
    ]


def _movements(row: Transaction, receipt: Receipt, step: Step | None) -> tuple[Movement, ...]:
    """What is known to have moved, the fee apart."""
    if row.outcome != Outcome.SUCCEEDED:
        return ()  # reverted, or replaced by its cancel
    if step is None:
        # Nobody settles a transaction without a step; the value it carried is all that is known.
        moved = Movement("", "out", row.value, parse_address(row.to))
        return (moved,) if row.value else ()
    if step.settled_receipt_id != receipt.pk:
        return ()  # it will be settled, and booked then
    try:
        return settlement_from_json(step.settlement).movements
    except SettlementError as error:
        raise BookingError(f"the settlement of step {step.pk} cannot be read: {error}") from error


def _lines(wallet: Wallet, receipt: Receipt, movements: tuple[Movement, ...]) -> list[Line]:
    """The fee and every movement, for each wallet of ours that the receipt touched."""
    fee = Line(FEE, wallet.pk, "", Kind.FEE, receipt.fee)
    counterparties = {movement.counterparty for movement in movements}
    found = Wallet.objects.filter(address__in=counterparties).values_list("address", "pk")
    own = dict(found) if movements else {}
    return [
        fee,
        *(
            line
            for place, movement in enumerate(movements, start=1)
            if movement.counterparty != wallet.address  # to itself is nothing
            for line in _sides(place, movement, wallet, own)
        ),
    ]


def _sides(
    place: int, movement: Movement, wallet: Wallet, own: Mapping[str, int]
) -> Iterator[Line]:
    """The wallet's side, and the other one where that is a wallet of ours too.

    Only the sender of a transaction has a receipt of it, so nothing else books the other side.
    """
    token, amount = movement.token, movement.amount
    yield Line(2 * place - 1, wallet.pk, token, movement.direction, amount, movement.counterparty)
    other = own.get(movement.counterparty)
    if other is not None:
        kind = OTHER_SIDE[movement.direction]
        yield Line(2 * place, other, token, kind, amount, wallet.address)


def _tokens(row: Transaction, addresses: set[str]) -> dict[str, Token]:
    found = Token.objects.filter(network=row.network_id, address__in=addresses)
    tokens = {token.address: token for token in found}
    if missing := sorted(addresses - tokens.keys()):
        names = ", ".join(address or "the native coin" for address in missing)
        raise BookingError(
            f"transaction {row.pk} moved {names} on network {row.network_id}, which no Token row "
            "describes; add it under Tokens and the transaction will be booked"
        )
    return tokens
