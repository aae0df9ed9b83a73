"""The books: bring a transaction's entries in line with what the chain says of it now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction as database

from analytics.books.accounts import Doing, Leg, Places, Posting
from analytics.books.opened import Opened
from analytics.models import LedgerEntry
from protocols.actions import Movement
from protocols.registry import adapters
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
    "account",
    "protocol",
    "block_number",
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
    posting: Posting
    counterparty: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the entries of some transactions are made from, read with a few questions."""

    receipts: dict[int, Receipt]  # the canonical one, by transaction
    steps: dict[int, Step]  # by transaction
    places: Places
    tokens: dict[tuple[int, str], Token]  # by network and address


def book_transaction(*, transaction_id: int) -> int:
    """As `book_transactions` for one; BookingError if it cannot be booked."""
    changed, refused = book_transactions([transaction_id])
    for error in refused.values():
        raise error
    return changed


def book_transactions(ids: Iterable[int]) -> tuple[int, dict[int, BookingError]]:
    """Make, correct or reverse entries until they fit the facts.

    How many rows changed, and which transactions cannot be booked yet and stay as they were.
    """
    with database.atomic():
        # Locked, so that nobody undoes a receipt while its entries are written.
        locked = Transaction.objects.select_for_update(of=("self",), no_key=True)
        rows = list(locked.select_related("lane__wallet").filter(pk__in=ids).order_by("pk"))
        wanted, refused = _wanted(rows)
        kept = {_key(entry): entry for entry in LedgerEntry.objects.filter(transaction__in=wanted)}
        entries = [entry for found in wanted.values() for entry in found]
        changed = _write(entries, kept)
        told = {_key(entry) for entry in entries}
        changed += _reverse(entry for key, entry in kept.items() if key not in told)
    return changed, refused


def _key(entry: LedgerEntry) -> tuple[int | None, int]:
    return entry.receipt_id, entry.ordinal


def _wanted(
    rows: Sequence[Transaction],
) -> tuple[dict[int, list[LedgerEntry]], dict[int, BookingError]]:
    """What the books should say of each transaction now, and of which they can say nothing."""
    wanted: dict[int, list[LedgerEntry]] = {}
    refused: dict[int, BookingError] = {}
    receipts, steps = _receipts(rows), _steps(rows)
    moved: dict[int, tuple[Movement, ...]] = {}
    for row in rows:
        try:
            moved[row.pk] = _movements(row, receipts.get(row.pk), steps.get(row.pk))
        except BookingError as error:
            refused[row.pk] = error
    facts = Facts(receipts, steps, _places(moved), _tokens(rows, moved))
    for row in rows:
        if row.pk in refused:
            continue
        try:
            wanted[row.pk] = _entries(row, moved[row.pk], facts)
        except BookingError as error:
            refused[row.pk] = error
    opened = Opened.read(entry.wallet_id for found in wanted.values() for entry in found)
    return {row: opened.beside(found) for row, found in wanted.items()}, refused


def _receipts(rows: Sequence[Transaction]) -> dict[int, Receipt]:
    booked = [row.pk for row in rows if row.state in (S.CONFIRMED, S.FINAL)]
    found = Receipt.objects.filter(transaction__in=booked, canonical=True).order_by()
    return {receipt.transaction_id: receipt for receipt in found}


def _steps(rows: Sequence[Transaction]) -> dict[int, Step]:
    found = Step.objects.filter(transaction__in=[row.pk for row in rows]).select_related(
        "run__task"
    )
    return {step.transaction_id: step for step in found if step.transaction_id is not None}


def _places(moved: Mapping[int, tuple[Movement, ...]]) -> Places:
    every = [movement for found in moved.values() for movement in found]
    return Places.read({one.counterparty for one in every} | {one.token for one in every})


def _tokens(
    rows: Sequence[Transaction], moved: Mapping[int, tuple[Movement, ...]]
) -> dict[tuple[int, str], Token]:
    addresses = {"", *(movement.token for found in moved.values() for movement in found)}
    networks = {row.network_id for row in rows}
    found = Token.objects.filter(network__in=networks, address__in=addresses)
    return {(token.network_id, token.address): token for token in found}


def _write(
    wanted: Iterable[LedgerEntry], kept: Mapping[tuple[int | None, int], LedgerEntry]
) -> int:
    """Make what is missing and correct what differs; mostly an entry only becomes final."""
    new: list[LedgerEntry] = []
    settled: dict[str, list[int]] = defaultdict(list)
    corrected = 0
    for entry in wanted:
        known = kept.get(_key(entry))
        differing = [] if known is None else _differing(known, entry)
        if known is None:
            new.append(entry)
        elif differing == ["status"]:
            settled[entry.status].append(known.pk)
        elif differing:
            entry.pk = known.pk
            entry.save(update_fields=FACTS)
            corrected += 1
    LedgerEntry.objects.bulk_create(new)
    for status, keys in settled.items():
        corrected += LedgerEntry.objects.filter(pk__in=keys).update(status=status)
    return len(new) + corrected


def _differing(known: LedgerEntry, wanted: LedgerEntry) -> list[str]:
    if known.campaign_id is not None:
        # Somebody knows which airdrop it is of: that is kept.
        wanted.account = known.account
    return [fact for fact in FACTS if getattr(known, fact) != getattr(wanted, fact)]


def _reverse(entries: Iterable[LedgerEntry]) -> int:
    """What no canonical receipt says any more stays in the books, and counts for nothing."""
    valid = [entry.pk for entry in entries if entry.status != Status.REVERSED]
    if not valid:
        return 0
    return LedgerEntry.objects.filter(pk__in=valid).update(status=Status.REVERSED)


def _entries(row: Transaction, moved: tuple[Movement, ...], facts: Facts) -> list[LedgerEntry]:
    receipt = facts.receipts.get(row.pk)
    if receipt is None:
        return []
    lines = _lines(row.lane.wallet, receipt, _doing(row, moved, facts), moved, facts.places)
    tokens = _tokens_of(row, {line.token for line in lines}, facts)
    return [
        LedgerEntry(
            wallet_id=line.wallet_id,
            token=tokens[line.token],
            kind=line.kind,
            amount=line.amount,
            counterparty=line.counterparty,
            account=line.posting.account,
            protocol=line.posting.protocol,
            campaign_id=line.posting.campaign_id,
            block_number=receipt.block_number,
            transaction=row,
            receipt=receipt,
            step=facts.steps.get(row.pk),
            ordinal=line.ordinal,
            status=Status.FINAL if row.state == S.FINAL else Status.PROVISIONAL,
            occurred_at=receipt.block_at,
        )
        for line in lines
    ]


def _movements(
    row: Transaction, receipt: Receipt | None, step: Step | None
) -> tuple[Movement, ...]:
    """What is known to have moved, the fee apart."""
    if receipt is None or row.outcome != Outcome.SUCCEEDED:
        return ()  # in no block, reverted, or replaced by its cancel
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


def _doing(row: Transaction, moved: tuple[Movement, ...], facts: Facts) -> Doing:
    """What the transaction was for, as its rows say."""
    step = facts.steps.get(row.pk)
    slug = step.run.task.action if step else row.action
    adapter = adapters().get(row.protocol)
    action = adapter.actions.get(slug) if adapter else None
    return Doing(
        row.network_id,
        row.protocol,
        slug,
        bool(action and action.stays_inside),
        tuple(_leg(movement) for movement in moved),
    )


def _leg(movement: Movement) -> Leg:
    return Leg(movement.token, movement.direction, movement.counterparty)


def _lines(
    wallet: Wallet,
    receipt: Receipt,
    doing: Doing,
    movements: tuple[Movement, ...],
    places: Places,
) -> list[Line]:
    """The fee and every movement, for each wallet of ours that the receipt touched."""
    return [
        Line(FEE, wallet.pk, "", Kind.FEE, receipt.fee, Posting(LedgerEntry.Account.FEE)),
        *(
            line
            for place, movement in enumerate(movements, start=1)
            if movement.counterparty != wallet.address  # to itself is nothing
            for line in _sides(place, movement, wallet, places.post(_leg(movement), doing), places)
        ),
    ]


def _sides(
    place: int, movement: Movement, wallet: Wallet, posting: Posting, places: Places
) -> Iterator[Line]:
    """The wallet's side, and the other one where that is a wallet of ours too.

    Only the sender of a transaction has a receipt of it, so nothing else books the other side.
    """
    token, amount, direction = movement.token, movement.amount, movement.direction
    counterparty = movement.counterparty
    yield Line(2 * place - 1, wallet.pk, token, direction, amount, posting, counterparty)
    other = places.own.get(counterparty)
    if other is not None:
        kind = OTHER_SIDE[direction]
        yield Line(2 * place, other, token, kind, amount, posting, wallet.address)


def _tokens_of(row: Transaction, addresses: set[str], facts: Facts) -> dict[str, Token]:
    tokens = {
        address: facts.tokens[row.network_id, address]
        for address in addresses
        if (row.network_id, address) in facts.tokens
    }
    if missing := sorted(addresses - tokens.keys()):
        names = ", ".join(address or "the native coin" for address in missing)
        raise BookingError(
            f"transaction {row.pk} moved {names} on network {row.network_id}, which no Token row "
            "describes; add it under Tokens and the transaction will be booked"
        )
    return tokens
