"""Entries from what the chain told of our wallets, where no receipt of ours says it already.

Of a hash that is ours the settlement counts, and what the chain tells beyond it is booked too;
what it does not tell (a node without traces) is no contradiction. Idempotent: whatever is known
of a hash now, its entries are brought in line with it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction as database
from django.db.models import Exists, OuterRef, Q, Subquery

from analytics.books.accounts import Doing, Leg, Places
from analytics.books.arrivals import Arrivals
from analytics.books.opened import Opened
from analytics.ledger import book_transactions
from analytics.models import ChainTransaction, ChainTransfer, LedgerEntry
from analytics.selectors import valid_entries
from scheduling.models import Step
from scheduling.states import OPEN_STEP
from wallets.models import Attempt, Receipt, Token, Wallet
from wallets.transactions.states import Outcome
from wallets.transactions.states import TransactionState as S

Kind, Status, Account = LedgerEntry.Kind, LedgerEntry.Status, LedgerEntry.Account
# A hash of a network.
Key = tuple[int, str]
FACTS = (
    "kind",
    "amount",
    "account",
    "counterparty",
    "protocol",
    "step_id",
    "status",
    "block_number",
    "occurred_at",
)
AT_ONCE = 400


@dataclass(slots=True)
class Told:
    """What is known of a hash: from the chain, and from rows of ours."""

    transfers: list[ChainTransfer] = field(default_factory=list)
    sent: ChainTransaction | None = None
    attempt: Attempt | None = None
    receipt: Receipt | None = None
    step: Step | None = None
    booked: list[LedgerEntry] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Ours, and not decided or settled yet: it is booked when it is."""
        if self.attempt is None:
            return False
        if self.receipt is None or self.attempt.transaction.state not in (S.CONFIRMED, S.FINAL):
            return True
        if self.attempt.transaction.outcome != Outcome.SUCCEEDED or self.step is None:
            return False
        return self.step.settled_receipt_id != self.receipt.pk and self.step.state in OPEN_STEP


def book_told(keys: Iterable[Key]) -> int:
    """Bring the entries of these hashes in line with what the chain told; how many changed."""
    wanted = sorted(set(keys))
    parts = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
    return sum(_book(part) for part in parts)


def _book(keys: Sequence[Key]) -> int:
    changed, _ = book_transactions(_one_sided([one for _, one in keys]))
    with database.atomic():
        found = _read(keys)
        transfers = [one for told in found.values() for one in told.transfers]
        tokens = _tokens(transfers, {network for network, _ in keys})
        addresses = {one.counterparty for one in transfers}
        places = Places.read(addresses | {one.token_address for one in transfers})
        arrivals = Arrivals.read(keys)
        entries = [
            entry
            for key, told in found.items()
            for entry in _entries(key, told, tokens, places, arrivals)
        ]
        opened = Opened.read(entry.wallet_id for entry in entries)
        return changed + _write(opened.beside(entries), found.values())


def _one_sided(hashes: Sequence[str]) -> list[int]:
    """Transactions of ours whose other side was somebody else when they were booked.

    Since then it is a wallet of ours: booked again they have both sides. What its opening has in
    it stays as it is.
    """
    own = Wallet.objects.filter(address=OuterRef("counterparty"))
    rows = valid_entries().filter(
        Exists(own), receipt__attempt__hash__in=hashes, kind__in=(Kind.IN, Kind.OUT)
    )
    rows = rows.exclude(account=Account.OWN).annotate(other=Subquery(own.values("pk")[:1]))
    found = rows.values_list("transaction_id", "other", "token_id", "block_number")
    sides = [(row, place) for row, *place in found if row is not None]
    opened = Opened.read(wallet for _, (wallet, *_) in sides)
    return [row for row, place in sides if not opened.covers(*place)]


def _read(keys: Sequence[Key]) -> dict[Key, Told]:
    """All that is known of the hashes, with seven questions."""
    hashes = [one for _, one in keys]
    found: dict[Key, Told] = {key: Told() for key in keys}
    # Locked, so that two workers that have read the same write it once.
    told_of = ChainTransfer.objects.filter(hash__in=hashes).order_by("pk")
    for transfer in told_of.select_related("wallet").select_for_update(of=("self",)):
        if told := found.get((transfer.network_id, transfer.hash)):
            told.transfers.append(transfer)
    for sent in ChainTransaction.objects.filter(hash__in=hashes).order_by("pk").select_for_update():
        if told := found.get((sent.network_id, sent.hash)):
            told.sent = sent
    attempts = Attempt.objects.filter(hash__in=hashes).select_related("transaction")
    for attempt in attempts:
        if told := found.get((attempt.transaction.network_id, attempt.hash)):
            told.attempt = attempt
    _read_booked([told for told in found.values() if told.attempt])
    return found


def _read_booked(ours: Sequence[Told]) -> None:
    """What the receipts of our own hashes have booked, and whether they are settled."""
    by_attempt = {told.attempt.pk: told for told in ours if told.attempt}
    for receipt in Receipt.objects.filter(attempt__in=by_attempt, canonical=True):
        by_attempt[receipt.attempt_id].receipt = receipt
    by_row = {told.attempt.transaction_id: told for told in ours if told.attempt and told.receipt}
    for step in Step.objects.filter(transaction__in=by_row):
        if step.transaction_id is not None:
            by_row[step.transaction_id].step = step
    by_receipt = {told.receipt.pk: told for told in by_row.values() if told.receipt}
    entries = LedgerEntry.objects.filter(receipt__in=by_receipt, kind__in=(Kind.IN, Kind.OUT))
    for entry in entries.exclude(status=Status.REVERSED):
        if entry.receipt_id is not None:
            by_receipt[entry.receipt_id].booked.append(entry)


def _tokens(transfers: Iterable[ChainTransfer], networks: set[int]) -> dict[Key, Token]:
    addresses = {"", *(one.token_address for one in transfers)}
    rows = Token.objects.filter(network__in=networks, address__in=addresses)
    return {(row.network_id, row.address): row for row in rows}


def _entries(
    key: Key, told: Told, tokens: dict[Key, Token], places: Places, arrivals: Arrivals
) -> Iterator[LedgerEntry]:
    if told.is_open:
        return
    if told.sent and told.attempt is None and (coin := tokens.get((key[0], ""))):
        yield from _fee(told.sent, coin)
    for transfer, amount in _beyond(told, tokens):
        yield _entry(transfer, amount, told, tokens, places, arrivals)


def _fee(sent: ChainTransaction, coin: Token) -> Iterator[LedgerEntry]:
    """Of a transaction that the wallet signed elsewhere, where it is known."""
    if sent.fee:
        yield LedgerEntry(
            wallet_id=sent.wallet_id,
            token=coin,
            kind=Kind.FEE,
            amount=sent.fee,
            account=Account.FEE,
            protocol=sent.protocol,
            chain_transaction=sent,
            block_number=sent.block_number,
            occurred_at=sent.block_at,
            ordinal=0,
            status=Status.FINAL,
        )


def _beyond(told: Told, tokens: dict[Key, Token]) -> Iterator[tuple[ChainTransfer, int]]:
    """The transfers of tokens we know, less what the receipt has booked already."""
    groups: dict[tuple[int, int, str], list[ChainTransfer]] = defaultdict(list)
    for transfer in told.transfers:
        token = tokens.get((transfer.network_id, transfer.token_address))
        to_itself = transfer.counterparty == transfer.wallet.address
        if token is not None and transfer.amount and not to_itself:
            groups[transfer.wallet_id, token.pk, transfer.direction].append(transfer)
    for group, transfers in groups.items():
        yield from _unbooked(transfers, [one for one in told.booked if _group(one) == group])


def _group(entry: LedgerEntry) -> tuple[int, int, str]:
    return entry.wallet_id, entry.token_id, entry.kind


def _unbooked(
    transfers: Iterable[ChainTransfer], booked: Iterable[LedgerEntry]
) -> Iterator[tuple[ChainTransfer, int]]:
    """Equal amounts are the same movement; of what is left only the excess is new."""
    same = Counter(entry.amount for entry in booked)
    others: list[ChainTransfer] = []
    for transfer in transfers:
        if same[transfer.amount]:
            same[transfer.amount] -= 1
        else:
            others.append(transfer)
    spare = sum(amount * count for amount, count in same.items())
    for transfer in others:
        covered = min(spare, transfer.amount)
        spare -= covered
        if covered < transfer.amount:
            yield transfer, transfer.amount - covered


def _entry(
    transfer: ChainTransfer,
    amount: int,
    told: Told,
    tokens: dict[Key, Token],
    places: Places,
    arrivals: Arrivals,
) -> LedgerEntry:
    leg = _leg(transfer)
    posting = places.post(leg, _doing(transfer, told))
    step_id = told.step.pk if told.step else arrivals.step_of(transfer)
    arrived = told.step is None and step_id is not None
    return LedgerEntry(
        wallet_id=transfer.wallet_id,
        token=tokens[transfer.network_id, transfer.token_address],
        kind=transfer.direction,
        amount=amount,
        account=Account.BRIDGE if arrived else posting.account,
        counterparty=transfer.counterparty,
        protocol=arrivals.protocol_of(transfer) if arrived else posting.protocol,
        campaign_id=posting.campaign_id,
        transfer=transfer,
        step_id=step_id,
        block_number=transfer.block_number,
        occurred_at=transfer.block_at,
        ordinal=1,
        status=Status.FINAL,
    )


def _leg(transfer: ChainTransfer) -> Leg:
    return Leg(transfer.token_address, transfer.direction, transfer.counterparty)


def _doing(transfer: ChainTransfer, told: Told) -> Doing:
    """What is known of the transaction, seen from this wallet."""
    legs = tuple(_leg(one) for one in told.transfers if one.wallet_id == transfer.wallet_id)
    sent = told.sent if told.sent and told.sent.wallet_id == transfer.wallet_id else None
    protocol, action = (sent.protocol, sent.action) if sent else ("", "")
    return Doing(transfer.network_id, protocol, action, legs=legs)


def _write(entries: Sequence[LedgerEntry], found: Iterable[Told]) -> int:
    """Make what is missing, correct what differs, reverse what is not so any more."""
    every = list(found)
    transfers = [one.pk for told in every for one in told.transfers]
    sent = [told.sent.pk for told in every if told.sent]
    rows = LedgerEntry.objects.filter(Q(transfer__in=transfers) | Q(chain_transaction__in=sent))
    kept = {_cause(row): row for row in rows}
    new = [entry for entry in entries if _cause(entry) not in kept]
    changed = 0
    for entry in entries:
        known = kept.pop(_cause(entry), None)
        if known is not None:
            changed += _correct(known, entry)
    LedgerEntry.objects.bulk_create(new)
    left = [row.pk for row in kept.values() if row.status != Status.REVERSED]
    reversed_ = LedgerEntry.objects.filter(pk__in=left).update(status=Status.REVERSED)
    return len(new) + changed + reversed_


def _correct(known: LedgerEntry, wanted: LedgerEntry) -> int:
    if known.campaign_id is not None:
        # Somebody knows which airdrop it is of: that is kept.
        wanted.account = known.account
    differing = [name for name in FACTS if getattr(known, name) != getattr(wanted, name)]
    for name in differing:
        setattr(known, name, getattr(wanted, name))
    if differing:
        known.save(update_fields=differing)
    return bool(differing)


def _cause(entry: LedgerEntry) -> tuple[int | None, int | None]:
    return entry.transfer_id, entry.chain_transaction_id
