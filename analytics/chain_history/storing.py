"""Keeping what was found: nothing twice, and of two tellings what knew more."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import batched

from django.db import transaction as database

from analytics.chain_history.scope import Found
from analytics.chain_history.storing_transfers import store_transfers
from analytics.models import ChainTransaction, ChainTransfer, Source
from wallets.models import Network

ROWS_AT_ONCE = 400
# What a file does not know, or may know only in part: a fee without what L1 took, for one.
LEARNED = ("nonce", "selector", "fee", "to_contract", "app")
CORRECTED = ("block_number", "block_at", "value", "recipient", "succeeded")
CENTS = ("fee_cents", "volume_cents", "bridged_cents")
WRITTEN = (*LEARNED, *CORRECTED, *CENTS, "protocol", "action", "source")


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
            store_transfers(network, [row for tx in some for row in by_hash[tx]])
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
