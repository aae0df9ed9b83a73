"""How the portfolio did between two moments, with what is known, and what is not said."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from math import isfinite

from django.conf import settings

from analytics.exposure import to_cents
from analytics.flows import Money, added, flows_between
from analytics.portfolio import risk
from analytics.portfolio.benchmarks import compare
from analytics.portfolio.book import Book, open_book
from analytics.portfolio.distribution import concentrations
from analytics.portfolio.returns import DIGITS, Value, linked
from analytics.portfolio.series import Every, closes, readings
from analytics.portfolio.values import Drawdown, Measure, Measures, Point, PortfolioError
from analytics.portfolio.xirr import NoRate, rates

# Two percent within minutes is minus a hundred percent a year, and says nothing.
LEAST_OF_A_YEAR = timedelta(days=30)
TOO_SHORT = "30 days at least say what it would be in a year"


def points(*, start: datetime, end: datetime, every: Every = "day") -> list[Point]:
    """The last known value of each hour or day, and what came from outside since the one before.

    The first has no flow before it. An hour or day of which nothing was written down is not in
    the list; one of which no value is known is there with None.
    """
    _check(start, end)
    kept = closes(readings(start, end), every)
    if not kept:
        return []
    flows, place = flows_between(kept[0].at, kept[-1].at), 0
    found = [Point(kept[0].at, kept[0].cents, 0)]
    for one in kept[1:]:
        first = place
        while place < len(flows) and flows[place].at <= one.at:
            place += 1
        found.append(Point(one.at, one.cents, _cents(added(flows[first:place]))))
    return found


def measures(
    *,
    start: datetime,
    end: datetime,
    risk_free: str = "0",
    benchmarks: Iterable[str] | None = None,
) -> Measures:
    """Returns, risk, concentration and benchmarks; each a number or why there is none.

    `risk_free` is a year's rate ("0.04"). PortfolioError for what cannot be asked.
    """
    _check(start, end)
    rate, book = _rate(risk_free), open_book(start, end)
    if book.is_empty:
        return Measures(start, end, holes=book.holes)
    names = settings.BENCHMARKS if benchmarks is None else tuple(benchmarks)
    opening, closing = book.values[0], book.values[-1]
    flows, daily = added(book.flows), [one for _, _, one in book.days]
    fall, deepest, now = _falls(book)
    yearly, whole = _solved(book, flows)
    return Measures(
        start=start,
        end=end,
        opening=_point(opening),
        closing=_point(closing),
        flows=flows,
        gain=_gain(opening, closing, flows),
        twr=_twr(book),
        mwr=yearly,
        mwr_period=whole,
        volatility=risk.volatility(daily),
        sharpe=risk.sharpe(daily, rate),
        max_drawdown=deepest,
        current_drawdown=now,
        drawdown=fall,
        returns=len(daily),
        holes=book.holes,
        hhi=concentrations(closing.at),
        benchmarks=tuple(compare(name, opening, closing, book.flows, book.days) for name in names),
        notes=_notes(book),
    )


def _check(start: datetime, end: datetime) -> None:
    if start >= end:
        raise PortfolioError("the time ends before it begins; give an earlier start")


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation as error:
        raise PortfolioError(f"{text!r} is no rate; write four percent a year as 0.04") from error
    if not rate.is_finite() or not Decimal(-1) < rate < Decimal(10):
        raise PortfolioError(f"{text} is no rate of a year; write four percent as 0.04")
    return rate


def _point(value: Value) -> Point:
    return Point(value.at, int(value.dollars * 100), 0)


def _cents(money: Money) -> int | None:
    return None if money.dollars is None else to_cents(money.dollars, ROUND_HALF_EVEN)


def _gain(opening: Value, closing: Value, flows: Money) -> Money:
    if flows.dollars is None:
        return flows
    with localcontext(prec=DIGITS):
        return Money(closing.dollars - opening.dollars - flows.dollars)


def _twr(book: Book) -> Measure:
    found, problem = linked(book.parts)
    return Measure(None, problem) if found is None else Measure.of(found)


def _solved(book: Book, flows: Money) -> tuple[Measure, Measure]:
    """Of a year, and of the time.

    What was there counts as paid in at first, what is there as taken out at last.
    """
    if flows.dollars is None:
        return (Measure(None, flows.problem),) * 2
    opening, closing = book.values[0], book.values[-1]
    payments = [(opening.at, -float(opening.dollars))]
    payments += [(one.at, -float(one.money.dollars or 0)) for one in book.flows]
    payments.append((closing.at, float(closing.dollars)))
    try:
        yearly, whole = rates(payments)
    except NoRate as error:
        return (Measure(None, str(error)),) * 2
    if closing.at - opening.at < LEAST_OF_A_YEAR or not isfinite(yearly):
        return Measure(None, TOO_SHORT), Measure.of(whole)
    return Measure.of(yearly), Measure.of(whole)


def _falls(book: Book) -> tuple[Drawdown | None, Measure, Measure]:
    """Of what a dollar became that was there from the start: payments are no falls."""
    index = [(book.values[0].at, Decimal(1))]
    with localcontext(prec=DIGITS):
        for part in book.parts:
            if part.growth is None:
                unknown = Measure(None, part.problem)
                return None, unknown, unknown
            index.append((part.end.at, index[-1][1] * part.growth))
        found, now = risk.drawdown(index)
    return found, Measure.of(found.depth if found else 0), Measure.of(now)


def _notes(book: Book) -> tuple[str, ...]:
    """What a reader of the numbers must know."""
    opening, closing = book.values[0].at, book.values[-1].at
    notes = [f"measured from {opening:%Y-%m-%d %H:%M} to {closing:%Y-%m-%d %H:%M} UTC"]
    if book.holes:
        days = sum((hole.last - hole.first).days + 1 for hole in book.holes)
        notes.append(
            f"{days} days have no known value: returns go over them, statistics leave them out"
        )
    return tuple(notes)
