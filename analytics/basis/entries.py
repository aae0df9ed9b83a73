"""Ledger entries as the reckoning of costs reads them: in the order of time, with their prices."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from analytics.basis.money import Price, worth
from analytics.models import Claim, LedgerEntry
from analytics.selectors import valid_entries
from wallets.models import PricePoint, Token
from wallets.price_history import OLDEST, PREFERENCE

CHUNK = 2000


@dataclass(slots=True)
class Entry:
    """One entry and what is known around it."""

    pk: int
    wallet: int
    token: Token
    kind: str
    amount: int
    account: str
    protocol: str
    campaign: int | None
    at: datetime
    cause: str
    network: int
    block: int
    transaction: int
    action: str
    task: int | None
    run: int | None
    quoted: int | None
    cost_cents: int | None
    price: Price | None
    provisional: bool
    counterparty: str
    hash: str
    group: str = ""
    is_share: bool = False  # of a position inside a protocol

    @property
    def worth(self) -> int | None:
        """In 1e-18 US dollars at the time; None for unknown."""
        return worth(self.amount, self.token.decimals, self.price)


# What decides on what an entry does, as it stands in its row.
GROUP = ("wallet_id", "token_id", "kind", "account", "campaign_id", "protocol")


def group_of(row: Mapping[str, Any]) -> str:
    """What it is counted with, to notice when it changes."""
    return ":".join(str(row[name]) for name in GROUP)


_POINTS = tuple(f"point_{source}" for source in PREFERENCE)


def with_prices(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """With the key of the newest price of each source that counts at the entry's time."""
    return rows.alias().annotate(
        **{name: _newest(source) for name, source in zip(_POINTS, PREFERENCE, strict=True)}
    )


def _newest(source: str) -> Subquery:
    points = PricePoint.objects.filter(
        token=OuterRef("token"),
        source=source,
        at__lte=OuterRef("occurred_at"),
        at__gte=OuterRef("occurred_at") - OLDEST,
    )
    return Subquery(points.order_by("-at").values("pk")[:1])


def read_entries(rows: QuerySet[LedgerEntry] | None = None) -> Iterator[Entry]:
    """Those that count, by time; memory does not grow with their number."""
    wanted = _annotated(with_prices(valid_entries() if rows is None else rows))
    tokens: dict[int, Token] = {}
    for chunk in _chunks(wanted.order_by("occurred_at", "pk").values(*_NAMES)):
        missing = {row["token_id"] for row in chunk} - tokens.keys()
        if missing:
            tokens |= Token.objects.select_related("network").in_bulk(missing)
        prices = _prices(chunk)
        yield from (_entry(row, tokens, prices) for row in chunk)


def _chunks(rows: QuerySet[Any, dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Each asks on from the last row: no cursor that the database would fill for all at once."""
    found = list(rows[:CHUNK])
    while found:
        yield found
        if len(found) < CHUNK:
            return
        last = found[-1]
        read = Q(occurred_at=last["occurred_at"], pk__lte=last["pk"])
        found = list(rows.filter(occurred_at__gte=last["occurred_at"]).exclude(read)[:CHUNK])


_NAMES = (
    "pk", "wallet_id", "token_id", "kind", "amount", "account", "protocol", "campaign_id",
    "occurred_at", "status", "transaction_id", "counterparty", "network_id", "block", "sent_for",
    "action", "task_id", "run_id", "quoted", "cost_cents", "hash", "claims", *_POINTS,
)  # fmt: skip


def _annotated(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    hashes = ("receipt__attempt__hash", "transfer__hash", "chain_transaction__hash")
    blocks = (
        *("block_number", "receipt__block_number", "transfer__block_number"),
        "chain_transaction__block_number",
    )
    return rows.annotate(
        network_id=F("token__network_id"),
        block=Coalesce(*blocks, Value(0)),
        hash=Coalesce(*hashes, Value("")),
        sent_for=F("transaction__protocol"),
        action=F("transaction__action"),
        task_id=F("step__run__task_id"),
        run_id=F("step__run_id"),
        quoted=KeyTextTransform("quoted_out", "transaction__expectations"),
        claims=_claimed(),
    )


def _claimed() -> Subquery:
    """The airdrop that its transaction claimed, for the fee of it."""
    made = Claim.objects.filter(transaction=OuterRef("transaction"))
    return Subquery(made.order_by("pk").values("campaign")[:1])


def _prices(chunk: Iterable[dict[str, Any]]) -> dict[int, Price]:
    wanted = {row[name] for row in chunk for name in _POINTS} - {None}
    points = PricePoint.objects.filter(pk__in=wanted).values_list("pk", "amount", "decimals")
    return {pk: (amount, decimals) for pk, amount, decimals in points}


def _entry(row: dict[str, Any], tokens: dict[int, Token], prices: dict[int, Price]) -> Entry:
    point = next((row[name] for name in _POINTS if row[name] is not None), None)
    fee = row["kind"] == LedgerEntry.Kind.FEE
    return Entry(
        pk=row["pk"],
        wallet=row["wallet_id"],
        token=tokens[row["token_id"]],
        kind=row["kind"],
        amount=row["amount"],
        account=row["account"],
        protocol=row["protocol"] or row["sent_for"] or "",
        campaign=row["campaign_id"] or (row["claims"] if fee else None),
        at=row["occurred_at"],
        cause=_cause(row),
        network=row["network_id"],
        block=row["block"],
        transaction=row["transaction_id"] or 0,
        action=row["action"] or "",
        task=row["task_id"],
        run=row["run_id"],
        quoted=None if row["quoted"] is None else int(row["quoted"]),
        cost_cents=row["cost_cents"],
        price=None if point is None else prices[point],
        provisional=row["status"] == LedgerEntry.Status.PROVISIONAL,
        counterparty=row["counterparty"],
        hash=row["hash"],
        group=group_of(row),
    )


def _cause(row: dict[str, Any]) -> str:
    """What one transaction did shares it, whoever told; what a person booked stands alone."""
    if row["hash"]:
        return f"{row['network_id']}:{row['hash']}"
    return f"t{row['transaction_id']}" if row["transaction_id"] else f"e{row['pk']}"


def read_causes(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries of one transaction together, in the order in which they happened.

    Within one moment and block: what only brings first, then as our transactions were made. The
    order in which they were booked is of no account.
    """
    for _, moment in groupby(entries, key=attrgetter("at")):
        causes: dict[str, list[Entry]] = {}
        for entry in moment:
            causes.setdefault(entry.cause, []).append(entry)
        yield from causes.values() if len(causes) == 1 else sorted(causes.values(), key=_place)


def _place(cause: list[Entry]) -> tuple[Any, ...]:
    first = cause[0]
    takes = any(entry.kind != LedgerEntry.Kind.IN for entry in cause)
    what = sorted((one.wallet, one.token.pk, one.kind, one.account, one.amount) for one in cause)
    return first.network, first.block, takes, first.transaction, first.hash, what
