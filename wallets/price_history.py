"""What prices were: points kept as they are read, and what tokens were worth at a moment."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from wallets.models import PricePoint, PriceSource, Token

# In this order they are believed: what a person set stands until it is stale.
PREFERENCE = (PriceSource.MANUAL, PriceSource.CHAINLINK, PriceSource.HTTP)
# At most one point of a token and source in each five minutes of the clock.
SPACING = timedelta(minutes=5)
# What somebody said longer ago is not the price of a moment.
OLDEST = timedelta(hours=25)
Key = tuple[int, str]


def moment_of(read_at: datetime) -> datetime:
    """Under which moment a reading is kept: the start of its five minutes."""
    seconds = int(SPACING.total_seconds())
    return read_at - timedelta(
        seconds=int(read_at.timestamp()) % seconds, microseconds=read_at.microsecond
    )


def keep_points(
    *, source: PriceSource, amounts: Mapping[Token, tuple[int, int]], read_at: datetime
) -> None:
    """Keep what a source says now, `amount` and `decimals`; the first of five minutes stays."""
    at = moment_of(read_at)
    PricePoint.objects.bulk_create(
        (
            PricePoint(token=token, source=source, amount=amount, decimals=decimals, at=at)
            for token, (amount, decimals) in amounts.items()
        ),
        ignore_conflicts=True,
    )


def prices_between(
    tokens: Iterable[Token | int], start: datetime, end: datetime
) -> dict[int, dict[str, list[PricePoint]]]:
    """The points of each token by source, oldest first; one question for all of them."""
    rows = PricePoint.objects.filter(token__in=list(tokens), at__gte=start, at__lte=end)
    found: dict[int, dict[str, list[PricePoint]]] = defaultdict(lambda: defaultdict(list))
    for row in rows.order_by("at", "id"):
        found[row.token_id][row.source].append(row)
    return found


def price_at(token: Token, moment: datetime) -> PricePoint | None:
    """The price to go by at a moment; None where nobody said one in the day before it."""
    return History([token], moment, moment).at(token.pk, moment)


class History:
    """Prices of some tokens over a time, read once: for asking about many moments."""

    def __init__(self, tokens: Iterable[Token | int], start: datetime, end: datetime) -> None:
        self._points = prices_between(tokens, start - OLDEST, end)

    def at(self, token_id: int, moment: datetime) -> PricePoint | None:
        """The newest point before it of the source that is believed first; None for unknown."""
        by_source = self._points.get(token_id, {})
        latest = (_latest(by_source.get(source, ()), moment) for source in PREFERENCE)
        return next((point for point in latest if point is not None), None)

    def moments(self, token_id: int) -> Iterator[datetime]:
        """When anybody said a price of it; not every one at the start of five minutes."""
        for points in self._points.get(token_id, {}).values():
            yield from (point.at for point in points)


def _latest(points: Sequence[PricePoint], moment: datetime) -> PricePoint | None:
    place = bisect_right(points, moment, key=lambda point: point.at)
    newest = points[place - 1] if place else None
    return newest if newest is not None and newest.at >= moment - OLDEST else None
