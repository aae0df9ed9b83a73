"""What transactions moved, bridged and paid, in US cents at the prices of the time."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from django.db.models import Q, QuerySet

from analytics.exposure import to_cents
from analytics.models import ChainTransaction, ChainTransfer, Source
from protocols.models import Deployment
from wallets.amounts import DIGITS
from wallets.models import Token
from wallets.price_history import History
from wallets.prices import worth_at

ROWS_AT_ONCE = 500
CENTS = ("fee_cents", "volume_cents", "bridged_cents")
# What registered contracts that carry value to another chain are called.
_BRIDGES = re.compile(r"bridge|gateway|messenger|asset_router|inbox|stargate|oft")
Legs = Mapping[tuple[int, str, int], Sequence[ChainTransfer]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a batch is priced with, read with a few questions."""

    legs: Legs  # by network, hash and wallet
    coins: Mapping[int, Token]  # by network
    history: History
    bridges: Mapping[tuple[int, str], bool]  # registered contracts: whether they are bridges


def price_history_rows(*, since: datetime | None = None, network_id: int | None = None) -> int:
    """Fill in what is unknown in US cents as far as prices are stored; how many rows changed.

    A batch is four questions and one update, however many rows it has. What no price or transfer
    tells stays null.
    """
    unknown = Q(fee_cents=None) | Q(volume_cents=None) | Q(bridged_cents=None)
    rows = ChainTransaction.objects.filter(unknown)
    if since is not None:
        rows = rows.filter(block_at__gte=since)
    if network_id is not None:
        rows = rows.filter(network=network_id)
    return sum(_price(batch) for batch in _batches(rows))


def _batches(rows: QuerySet[ChainTransaction]) -> Iterator[list[ChainTransaction]]:
    """In the order of time, so that a batch needs the prices of a short time only."""
    at, pk = None, 0
    while True:
        left = rows.order_by("block_at", "pk")
        if at is not None:
            left = left.filter(Q(block_at__gt=at) | Q(block_at=at, pk__gt=pk))
        batch = list(left[:ROWS_AT_ONCE])
        if not batch:
            return
        yield batch
        at, pk = batch[-1].block_at, batch[-1].pk


def _price(batch: Sequence[ChainTransaction]) -> int:
    facts, changed = _facts(batch), []
    for row in batch:
        before = [getattr(row, name) for name in CENTS]
        _fill(row, facts)
        if before != [getattr(row, name) for name in CENTS]:
            changed.append(row)
    ChainTransaction.objects.bulk_update(changed, CENTS, batch_size=200)
    return len(changed)


def _facts(batch: Sequence[ChainTransaction]) -> _Facts:
    networks = {row.network_id for row in batch}
    hashes = [row.hash for row in batch]
    legs: dict[tuple[int, str, int], list[ChainTransfer]] = defaultdict(list)
    moved = ChainTransfer.objects.filter(network__in=networks, hash__in=hashes)
    for leg in moved.select_related("token__network"):
        legs[leg.network_id, leg.hash, leg.wallet_id].append(leg)
    coins = Token.objects.filter(network__in=networks, address="").select_related("network")
    tokens = {coin.pk for coin in coins} | {
        leg.token_id for found in legs.values() for leg in found if leg.token_id is not None
    }
    history = History(tokens, batch[0].block_at, batch[-1].block_at)
    known = Deployment.objects.filter(network__in=networks)
    roles = known.values_list("network_id", "address", "role")
    bridges = {(network, address): bool(_BRIDGES.search(role)) for network, address, role in roles}
    return _Facts(legs, {coin.network_id: coin for coin in coins}, history, bridges)


def _fill(row: ChainTransaction, facts: _Facts) -> None:
    if row.fee_cents is None and row.fee is not None:
        row.fee_cents = _cents([(row.fee, facts.coins.get(row.network_id))], row.block_at, facts)
    if row.volume_cents is None:
        row.volume_cents = _volume(row, facts)
    if row.bridged_cents is None:
        row.bridged_cents = _bridged(row, facts)


def _volume(row: ChainTransaction, facts: _Facts) -> int | None:
    """What left; where that has no price, what came: of an exchange both are worth the same."""
    if not row.succeeded:
        return 0
    legs = facts.legs.get((row.network_id, row.hash, row.wallet_id), ())
    if not legs:
        # A file of transactions does not tell what tokens they moved.
        return None if row.source == Source.EXPLORER else 0
    left = [leg for leg in legs if leg.direction == ChainTransfer.Direction.OUT]
    came = [leg for leg in legs if leg.direction == ChainTransfer.Direction.IN]
    worths = [_worth(some, row.block_at, facts) for some in (left, came) if some]
    return next((one for one in worths if one is not None), None)


def _bridged(row: ChainTransaction, facts: _Facts) -> int | None:
    """What left through a registered bridge; nobody knows of contracts that are not registered."""
    if not row.succeeded or row.to_contract is False:
        return 0
    is_bridge = facts.bridges.get((row.network_id, row.recipient))
    if is_bridge is None:
        return None
    return row.volume_cents if is_bridge else 0


def _worth(legs: Iterable[ChainTransfer], at: datetime, facts: _Facts) -> int | None:
    return _cents([(leg.amount, leg.token) for leg in legs], at, facts)


def _cents(amounts: Iterable[tuple[int, Token | None]], at: datetime, facts: _Facts) -> int | None:
    """Rounded to the nearest cent once all is added up; None where a part of it is unknown."""
    total = Decimal(0)
    with localcontext(prec=2 * DIGITS):
        for amount, token in amounts:
            price = facts.history.at(token.pk, at) if token is not None else None
            value = worth_at(amount, token, price) if token is not None else None
            if value is None:
                return None
            total += value
    return to_cents(total, ROUND_HALF_EVEN)
