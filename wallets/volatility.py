"""How much prices have moved lately, from stored prices; whole numbers and decimals only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from enum import StrEnum
from itertools import pairwise

from wallets.amounts import to_decimal
from wallets.models import PricePoint, Token
from wallets.price_history import PREFERENCE, prices_between

BPS = 10_000
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
# With fewer points nobody knows how a price moved in the window.
FEWEST = {HOUR: 4, DAY: 12, WEEK: 42}
_DIGITS = 40


class PriceState(StrEnum):
    """How a price behaves, beside a swing that somebody called too much."""

    CALM = "calm"
    MOVING = "moving"
    WILD = "wild"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Volatility:
    """Over a window, in basis points: lowest to highest, and the root of squared moves summed."""

    swing: int
    realised: int
    # Of the last price.
    at: datetime


def measure(points: Sequence[PricePoint], now: datetime, window: timedelta) -> Volatility | None:
    """From the points of one source, oldest first; None where they do not cover the window."""
    inside = [point for point in points if now - window <= point.at <= now]
    if len(inside) < FEWEST[window] or not _covers(inside, now, window):
        return None
    with localcontext(prec=_DIGITS):
        prices = [to_decimal(point.amount, point.decimals) for point in inside]
        low, high = min(prices), max(prices)
        moves = (((later / earlier).ln()) ** 2 for earlier, later in pairwise(prices))
        realised = sum(moves, Decimal(0)).sqrt() * BPS
        swing = ((high - low) * BPS / low).to_integral_value(rounding=ROUND_CEILING)
        return Volatility(int(swing), round(realised), inside[-1].at)


def _covers(points: Sequence[PricePoint], now: datetime, window: timedelta) -> bool:
    """Whether the first is in the window's first quarter, and the last in its last."""
    return points[0].at <= now - window * 3 / 4 and points[-1].at >= now - window / 4


def volatilities(
    tokens: Iterable[Token], now: datetime, window: timedelta = DAY
) -> dict[int, Volatility]:
    """By token, of the source that is believed first among those that cover the window.

    A token that is not in it is unknown. One question for all.
    """
    found = prices_between(tokens, now - window, now)
    measured = {
        token: next(
            (one for source in PREFERENCE if (one := measure(by[source], now, window))), None
        )
        for token, by in found.items()
    }
    return {token: one for token, one in measured.items() if one is not None}


def state_of(volatility: Volatility | None, most: int) -> PriceState:
    """Wild above `most` basis points of swing, moving above half of that."""
    if volatility is None:
        return PriceState.UNKNOWN
    if volatility.swing > most:
        return PriceState.WILD
    return PriceState.MOVING if 2 * volatility.swing > most else PriceState.CALM
