"""What a coin would have brought instead, from stored prices."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import Count

from analytics.flows import Flow, Money
from analytics.models import Rollup, RollupMark
from analytics.portfolio import risk
from analytics.portfolio.returns import DIGITS, Value
from analytics.portfolio.values import Benchmark, Measure
from analytics.rollups.grouping import USD_PLACES
from analytics.rollups.numbers import HOUR, NATIVE
from wallets.amounts import to_decimal
from wallets.models import PricePoint, Token
from wallets.price_history import OLDEST, PREFERENCE

DayReturn = tuple[datetime, datetime, float]


class Prices:
    """US dollars of one token over a time, read with three questions."""

    def __init__(self, token: Token, start: datetime, end: datetime) -> None:
        rows = PricePoint.objects.filter(token=token, at__gte=start - OLDEST, at__lte=end)
        found = list(rows.values_list("source", "at", "amount", "decimals"))
        found += _rolled_up(token, start - OLDEST, end)
        self._by_source: dict[str, tuple[list[datetime], list[tuple[int, int]]]] = {}
        for source, at, amount, decimals in sorted(found, key=lambda one: one[1]):
            times, prices = self._by_source.setdefault(source, ([], []))
            times.append(at)
            prices.append((amount, decimals))

    def at(self, moment: datetime) -> Decimal | None:
        """The price to go by, chosen as everywhere (`wallets.price_history`)."""
        for source in PREFERENCE:
            times, prices = self._by_source.get(source, ([], []))
            place = bisect_right(times, moment) - 1
            if place >= 0 and times[place] >= moment - OLDEST:
                return to_decimal(*prices[place])
        return None


def _rolled_up(
    token: Token, start: datetime, end: datetime
) -> Iterator[tuple[str, datetime, int, int]]:
    """The first and the last of each hour of which single points were cleaned away."""
    mark = RollupMark.objects.filter(metric=Rollup.Metric.PRICES, cleaned_until__gt=start).first()
    if mark is None or mark.cleaned_until is None:
        return
    rows = Rollup.objects.filter(
        metric=Rollup.Metric.PRICES,
        period=Rollup.Period.HOUR,
        starts_at__gt=start - HOUR,
        starts_at__lt=mark.cleaned_until,
        network=token.network.slug,
        token=token.address or NATIVE,
    )
    fields = ("subject", "first_at", "first", "last_at", "last")
    for source, first_at, first, last_at, last in rows.values_list(*fields):
        for at, amount in ((first_at, first), (last_at, last)):
            if at is not None and amount is not None and start <= at <= end:
                yield source, at, amount, USD_PLACES


def compare(
    symbol: str, opening: Value, closing: Value, flows: Sequence[Flow], days: Iterable[DayReturn]
) -> Benchmark:
    """The coin of that symbol held with the same money, and how ours moved with it."""
    token = token_of(symbol, opening.at, closing.at)
    if token is None:
        why = Measure(None, f"no price of a token called {symbol} or W{symbol} is stored")
        return Benchmark(symbol, "", why, Money(None, why.problem), why, why)
    prices = Prices(token, opening.at, closing.at)
    ours, others = _paired(prices, days)
    return Benchmark(
        symbol,
        str(token),
        _twr(prices, opening.at, closing.at, token),
        _worth(prices, opening, closing, flows, token),
        risk.correlation(ours, others),
        risk.beta(ours, others),
    )


def token_of(symbol: str, start: datetime, end: datetime) -> Token | None:
    """Of all tokens of that symbol, or wrapped, the one with the most prices of the time."""
    rows = PricePoint.objects.filter(
        token__symbol__in=(symbol, f"W{symbol}"), at__gte=start - OLDEST, at__lte=end
    )
    counted = rows.order_by().values("token").annotate(n=Count("pk"))
    best = counted.order_by("-n", "token").values_list("token", flat=True).first()
    return Token.objects.select_related("network").get(pk=best) if best else None


def _twr(prices: Prices, start: datetime, end: datetime, token: Token) -> Measure:
    first, last = prices.at(start), prices.at(end)
    if first is None or last is None:
        return Measure(None, _not_stored(token, start if first is None else end))
    with localcontext(prec=DIGITS):
        return Measure.of(last / first - 1)


def _worth(
    prices: Prices, opening: Value, closing: Value, flows: Sequence[Flow], token: Token
) -> Money:
    """Bought with what was there and with each flow, sold for each outflow, at its time."""
    paid = [(opening.at, Money(opening.dollars)), *((flow.at, flow.money) for flow in flows)]
    with localcontext(prec=DIGITS):
        held = Decimal(0)
        for at, money in paid:
            price = prices.at(at)
            if money.dollars is None:
                return money
            if price is None:
                return Money(None, _not_stored(token, at))
            held += money.dollars / price
        last = prices.at(closing.at)
        return Money(None, _not_stored(token, closing.at)) if last is None else Money(held * last)


def _not_stored(token: Token, at: datetime) -> str:
    return f"the price of {token} at {at:%Y-%m-%d %H:%M} UTC was not stored"


def _paired(prices: Prices, days: Iterable[DayReturn]) -> tuple[list[float], list[float]]:
    """Returns of both on the days on which both are known."""
    ours: list[float] = []
    others: list[float] = []
    for start, end, growth in days:
        first, last = prices.at(start), prices.at(end)
        if first is not None and last is not None:
            ours.append(growth)
            others.append(float(last / first - 1))
    return ours, others
