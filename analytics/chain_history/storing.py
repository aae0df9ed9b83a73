"""Keeping what was found: nothing twice, and of two tellings what knew more."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import batched

from django.db import transaction as database
from django.db.models import OuterRef, Q, QuerySet, Subquery

from analytics.chain_history.scope import Found
from analytics.models import ChainTransaction, ChainTransfer, Source
from wallets.models import Network, Token

ROWS_AT_ONCE = 400
# The order of a file's rows is no place in a transaction: these places are only numbers.
UNPLACED = 1_000_000
INSIDE = -2
# What a file does not know, or may know only in part: a fee without what L1 took, for one.
LEARNED = ("nonce", "selector", "fee", "to_contract", "app")
CORRECTED = ("block_number", "block_at", "value", "recipient", "succeeded")
CENTS = ("fee_cents", "volume_cents", "bridged_cents")
WRITTEN = (*LEARNED, *CORRECTED, *CENTS, "protocol", "action", "source")
Content = tuple[str, int, str, str, str, int]


def store(network: Network, found: Found) -> tuple[int, int]:
    """Write what is new or better than what is there; how many transactions and transfers."""
    with database.atomic():
        sent = sum(
            _store_transactions(network, some) for some in batched(found.transactions, ROWS_AT_ONCE)
        )
        by_hash: dict[str, list[ChainTransfer]] = defaultdict(list)
        for row in found.transfers:
            by_hash[row.hash].append(row)
        moved = sum(
            _store_transfers(network, [row for tx in some for row in by_hash[tx]])
            for some in batched(by_hash, ROWS_AT_ONCE)
        )
    return sent, moved


def _store_transactions(network: Network, rows: Sequence[ChainTransaction]) -> int:
    told = {row.hash: row for row in rows}
    known = ChainTransaction.objects.filter(network=network, hash__in=told)
    kept = {row.hash: row for row in known}
    better = [row for row in kept.values() if _learn(row, told[row.hash])]
    new = [row for tx, row in told.items() if tx not in kept]
    ChainTransaction.objects.bulk_create(new)
    ChainTransaction.objects.bulk_update(better, WRITTEN, batch_size=100)
    return len(new) + len(better)


def _learn(kept: ChainTransaction, told: ChainTransaction) -> bool:
    """Take over what the other telling knows better; whether there was anything."""
    before = [getattr(kept, name) for name in WRITTEN]
    from_file = told.source == Source.EXPLORER
    better = not from_file and kept.source == Source.EXPLORER
    for name in LEARNED:
        known = getattr(told, name)
        if known not in (None, "") and (not from_file or getattr(kept, name) in (None, "")):
            setattr(kept, name, known)
    for name in CORRECTED if not from_file else ():
        setattr(kept, name, getattr(told, name))
    for name in ("protocol", "action"):
        known = getattr(told, name)
        if known and (told.source == Source.OWN or not getattr(kept, name)):
            setattr(kept, name, known)
    if better:
        kept.source = told.source
    facts = (*LEARNED, *CORRECTED)
    places = {name: place for place, name in enumerate(WRITTEN)}
    if any(before[places[name]] != getattr(kept, name) for name in facts if name != "nonce"):
        # Worth is found anew for what has changed.
        kept.fee_cents = kept.volume_cents = kept.bridged_cents = None
    return before != [getattr(kept, name) for name in WRITTEN]


def _store_transfers(network: Network, rows: Sequence[ChainTransfer]) -> int:
    kept = ChainTransfer.objects.filter(network=network, hash__in={row.hash for row in rows})
    by_key = {_key(row): row for row in kept}
    by_content: dict[Content, list[ChainTransfer]] = defaultdict(list)
    for row in by_key.values():
        by_content[_content(row)].append(row)
    taken: set[int] = set()
    left: list[ChainTransfer] = []
    for row in rows:
        same = by_key.get(_key(row))
        if same is not None and _content(same) == _content(row):
            taken.add(same.pk)
        else:
            left.append(row)
    new, placed = _matched(_without_guesses(left, by_key.values()), by_content, taken)
    _drop_guesses(rows, by_key.values(), taken)
    _number(new, by_key.values())
    ChainTransfer.objects.bulk_create(new)
    ChainTransfer.objects.bulk_update(placed, ("place", "source"), batch_size=100)
    _name_tokens(ChainTransfer.objects.filter(network=network, hash__in={row.hash for row in new}))
    return len(new) + len(placed)


def _matched(
    rows: Iterable[ChainTransfer], by_content: dict[Content, list[ChainTransfer]], taken: set[int]
) -> tuple[list[ChainTransfer], list[ChainTransfer]]:
    """What is not there yet; and what is there by its content, and has a place of its own now."""
    new: list[ChainTransfer] = []
    placed: list[ChainTransfer] = []
    for row in rows:
        others = [
            one
            for one in by_content[_content(row)]
            if one.pk not in taken and (_is_unplaced(one) or _is_unplaced(row))
        ]
        if not others:
            new.append(row)
            continue
        same = others[0]
        taken.add(same.pk)
        if _is_unplaced(same) and row.source != Source.EXPLORER:
            same.place, same.source = row.place, row.source
            placed.append(same)
    return new, placed


def _without_guesses(
    rows: Iterable[ChainTransfer], kept: Iterable[ChainTransfer]
) -> list[ChainTransfer]:
    """A settlement sums up what contracts paid: where a trace told each, that is what counts."""
    traced = {_paid(row) for row in kept if _is_inside(row) and row.source != Source.OWN}
    return [row for row in rows if not (_is_guess(row) and _paid(row) in traced)]


def _drop_guesses(
    rows: Iterable[ChainTransfer], kept: Iterable[ChainTransfer], taken: set[int]
) -> None:
    traced = {_paid(row) for row in rows if _is_inside(row) and row.source == Source.RPC}
    stale = [one for one in kept if _is_guess(one) and _paid(one) in traced]
    ChainTransfer.objects.filter(
        pk__in=[one.pk for one in stale if one.pk not in taken], entry=None
    ).delete()


def _is_inside(row: ChainTransfer) -> bool:
    return row.place <= INSIDE


def _is_guess(row: ChainTransfer) -> bool:
    return _is_inside(row) and row.source == Source.OWN


def _paid(row: ChainTransfer) -> tuple[str, int, str]:
    return row.hash, row.wallet_id, row.direction


def _number(new: Sequence[ChainTransfer], kept: Iterable[ChainTransfer]) -> None:
    """Give what has no place a number that is free in its transaction."""
    used: dict[str, set[int]] = defaultdict(set)
    for row in (*kept, *new):
        used[row.hash].add(row.place)
    seen: set[tuple[str, int, int, str]] = set()
    for row in new:
        own = (row.hash, row.place, row.wallet_id, row.direction)
        if own in seen and _is_unplaced(row):
            step = 1 if row.place >= UNPLACED else -1
            while row.place in used[row.hash]:
                row.place += step
            used[row.hash].add(row.place)
        seen.add((row.hash, row.place, row.wallet_id, row.direction))


def _is_unplaced(row: ChainTransfer) -> bool:
    return row.place >= UNPLACED or row.place <= INSIDE


def _key(row: ChainTransfer) -> tuple[str, int, int, str]:
    return row.hash, row.place, row.wallet_id, row.direction


def _content(row: ChainTransfer) -> Content:
    return (
        row.hash,
        row.wallet_id,
        row.direction,
        row.token_address,
        # Who exactly paid inside a transaction is told differently.
        "" if _is_inside(row) else row.counterparty,
        row.amount,
    )


def _name_tokens(rows: QuerySet[ChainTransfer]) -> int:
    token = Token.objects.filter(network=OuterRef("network"), address=OuterRef("token_address"))
    nameless = rows.filter(token=None).order_by()
    return nameless.update(token=Subquery(token.values("pk")[:1]))


def name_tokens() -> int:
    """Tie transfers to tokens that were registered after them."""
    known = Token.objects.filter(network=OuterRef("network"), address=OuterRef("token_address"))
    rows = ChainTransfer.objects.filter(token=None).annotate(known=Subquery(known.values("pk")[:1]))
    return _name_tokens(rows.filter(~Q(known=None)))
