"""Daily returns of tokens and buckets, from the prices that were stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

from django.db.models import F, Window
from django.db.models.functions import RowNumber, TruncDate

from analytics.allocation.holdings import Cell
from analytics.allocation.values import CannotAllocate, Matrix
from analytics.models import AllocationBucket
from analytics.numeric import np
from wallets.amounts import DIGITS, to_decimal
from wallets.models import PricePoint, Token
from wallets.price_history import PREFERENCE

Closes = Mapping[date, Decimal]
DAY = timedelta(days=1)
# A price that nobody has stored for so long says nothing of how things move now.
OLDEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Returns:
    """A row for each day, a column for each bucket; and the days they are of."""

    days: tuple[date, ...]
    values: Matrix


def bucket_returns(
    buckets: Sequence[AllocationBucket],
    inside: Sequence[Mapping[Cell, Decimal]],
    now: datetime,
    lookback: int,
) -> Returns:
    """Of the token that a bucket names, or of the tokens that are in it now.

    Only days whose closes, and those of the day before, are known of all. CannotAllocate where a
    bucket has no history.
    """
    mixes = [_mix(bucket, cells) for bucket, cells in zip(buckets, inside, strict=True)]
    symbols = {symbol for mix in mixes for symbol in mix}
    closes = daily_closes(symbols, now - lookback * DAY, now)
    for symbol in sorted(symbols):
        _require_recent(symbol, closes.get(symbol, {}), now)
    days = _common_days([closes[symbol] for symbol in symbols])
    columns = [_returns(mix, closes, days) for mix in mixes]
    return Returns(days, np.array(columns, dtype=float).T.reshape(len(days), len(mixes)))


def _mix(bucket: AllocationBucket, cells: Mapping[Cell, Decimal]) -> dict[str, float]:
    """Which tokens a bucket is made of, and with which shares."""
    if bucket.symbol:
        return {bucket.symbol: 1.0}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for cell, value in cells.items():
        sums[cell.symbol] += value
    total = sum(sums.values(), Decimal(0))
    if total <= 0:
        raise CannotAllocate(
            f"nothing is in {bucket} and it names no token: nobody knows how it moves; name its "
            "token, or choose equal weight"
        )
    return {symbol: float(value / total) for symbol, value in sums.items() if value}


def daily_closes(symbols: Iterable[str], start: datetime, end: datetime) -> dict[str, Closes]:
    """By symbol, the last price of each UTC day: of the token with most days, by preferred source.

    Two questions, whatever the length; the points of a day stay in the database.
    """
    tokens = dict(Token.objects.filter(symbol__in=list(symbols)).values_list("pk", "symbol"))
    day = TruncDate("at")
    latest_first = Window(
        RowNumber(), partition_by=[F("token"), F("source"), day], order_by=F("at").desc()
    )
    rows = PricePoint.objects.filter(token__in=tokens, at__gte=start, at__lte=end).order_by()
    lasts = rows.annotate(day=day, place=latest_first).filter(place=1)
    found: dict[int, dict[date, tuple[int, Decimal]]] = defaultdict(dict)
    for token, source, at, amount, decimals in lasts.values_list(
        "token", "source", "day", "amount", "decimals"
    ).iterator():
        rank, known = _rank(source), found[token].get(at)
        if known is None or rank < known[0]:
            found[token][at] = rank, to_decimal(amount, decimals)
    return _longest(found, tokens)


def _rank(source: str) -> int:
    return [str(one) for one in PREFERENCE].index(source)


def _longest(
    found: Mapping[int, Mapping[date, tuple[int, Decimal]]], tokens: Mapping[int, str]
) -> dict[str, Closes]:
    closes: dict[str, Closes] = {}
    for token in sorted(found, key=lambda pk: (-len(found[pk]), pk)):
        closes.setdefault(tokens[token], {day: price for day, (_, price) in found[token].items()})
    return closes


def _require_recent(symbol: str, closes: Closes, now: datetime) -> None:
    newest = max(closes, default=None)
    if newest is None:
        raise CannotAllocate(
            f"no price of {symbol} was stored in the time looked back at; `manage.py prices`"
        )
    if now.date() - newest > OLDEST:
        raise CannotAllocate(f"the newest stored price of {symbol} is of {newest}: too old")


def _common_days(all_closes: Sequence[Closes]) -> tuple[date, ...]:
    """Days on which all are known, and were on the day before."""
    common = set.intersection(*(set(one) for one in all_closes)) if all_closes else set()
    return tuple(sorted(day for day in common if day - DAY in common))


def _returns(
    mix: Mapping[str, float], closes: Mapping[str, Closes], days: Sequence[date]
) -> list[float]:
    with localcontext(prec=2 * DIGITS):
        return [
            sum(
                share * float(closes[symbol][day] / closes[symbol][day - DAY] - 1)
                for symbol, share in mix.items()
            )
            for day in days
        ]
