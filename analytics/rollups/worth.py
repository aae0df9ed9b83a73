"""The ledger's entries at the prices of their time, added up by hour."""

from datetime import datetime

from analytics.rollups.grouping import USD_PLACES
from analytics.rollups.numbers import NATIVE, Buckets, Key, Numbers, bounded, hour_of
from analytics.selectors import valid_entries
from wallets.models import PricePoint
from wallets.price_history import History

_FIELDS = (
    "token_id",
    "token__network__slug",
    "token__address",
    "token__decimals",
    "protocol",
    "account",
    "kind",
    "amount",
    "occurred_at",
)


def read_worth(start: datetime, end: datetime) -> Buckets:
    """Each entry's worth is cut to 10^-36 dollars; one without a price is counted as unknown."""
    rows = valid_entries().filter(occurred_at__gte=start, occurred_at__lt=end)
    history = History(rows.values_list("token_id", flat=True).distinct(), start, end)
    found: Buckets = {}
    for pk, network, address, decimals, protocol, account, kind, amount, at in rows.values_list(
        *_FIELDS
    ).iterator():
        key = Key(network, protocol, address or NATIVE, "", account, kind)
        worth = _worth(amount, decimals, history.at(pk, at))
        numbers = Numbers(1, int(worth is None), worth)
        found.setdefault((hour_of(at), key), Numbers()).add(numbers)
    return bounded(found)


def _worth(amount: int, decimals: int, point: PricePoint | None) -> int | None:
    if point is None:
        return None
    return int(amount * point.amount * 10**USD_PLACES // 10 ** (decimals + point.decimals))
