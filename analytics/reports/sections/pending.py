"""What open claims may be worth in a week, from how the price has moved."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import F, Max

from analytics.models import Claim
from analytics.reports.ask import Ask
from analytics.reports.document import USD
from analytics.reports.forecast import Forecast, doubt, told, too_few
from analytics.reports.periods import DAY
from analytics.reports.priced import Slot
from analytics.reports.sections.fees import DAY_SECONDS
from analytics.reports.statistics import Interval, log_moves, moves_of
from wallets.amounts import DIGITS, SumAmount, to_decimal
from wallets.models import PricePoint, PriceSource, Token
from wallets.price_history import PREFERENCE
from wallets.prices import known_prices, worth

DAYS, LEAST, HORIZON = 90, 30, 7
METHOD = "today's price and t-interval of daily moves, no drift"


def claims_forecast(ask: Ask) -> list[Forecast]:
    """One for each token that is waiting to be claimed."""
    open_claims = Claim.objects.filter(status=Claim.Status.CLAIMABLE, campaign__token__isnull=False)
    if ask.period.campaign is not None:
        open_claims = open_claims.filter(campaign=ask.period.campaign)
    sums = open_claims.order_by().values_list("campaign__token").annotate(n=SumAmount("amount"))
    amounts = dict(sums)
    tokens = list(Token.objects.filter(pk__in=amounts).select_related("network"))
    if not tokens:
        return []
    prices, past = known_prices(tokens, ask.now), _closes(tokens, ask.now)
    values = {one.pk: worth(amounts[one.pk], one, prices.get(one.pk)) for one in tokens}
    return [_forecast(one, values[one.pk], past.get(one.pk, [])) for one in tokens]


def _forecast(token: Token, value: Decimal | None, closes: list[float]) -> Forecast:
    what = f"Open claims of {token} in {HORIZON} days"
    if value is None:
        return Forecast(problem=f"{what}: no forecast, the price is unknown or stale")
    n = len(closes) - 1
    if n < LEAST:
        return too_few(what, max(0, n), LEAST, "daily moves of the price")
    if min(closes) <= 0:
        return Forecast(problem=f"{what}: no forecast, the price was nothing at times")
    moves = moves_of(closes)
    if (refused := doubt(what, moves)) is not None:
        return refused
    factor, worth_now = log_moves(moves, HORIZON), float(value)
    found = Interval(worth_now * factor.low, worth_now, worth_now * factor.high)
    return told(what, found, USD, n, METHOD)


def _closes(tokens: list[Token], now: datetime) -> dict[int, list[float]]:
    """The last price of each day, the oldest first, of the source with the most days.

    Only the days without a gap that lead up to now: a move over a gap is none of a day.
    """
    points = PricePoint.objects.filter(token__in=tokens, at__gte=now - DAYS * DAY, at__lte=now)
    days = points.annotate(day=Slot(F("at"), DAY_SECONDS)).order_by()
    newest = days.values("token", "source", "day").annotate(last=Max("at"))
    moments = {line["last"] for line in newest}
    wanted = {(line["token"], line["source"], line["last"]) for line in newest}
    by_source: dict[int, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for point in points.filter(at__in=moments).iterator():
        if (point.token_id, point.source, point.at) in wanted:
            day = int(point.at.timestamp()) // DAY_SECONDS
            by_source[point.token_id][point.source][day] = _price(point)
    return {token: _longest(by) for token, by in by_source.items()}


def _price(point: PricePoint) -> float:
    with localcontext(prec=2 * DIGITS):
        return float(to_decimal(point.amount, point.decimals))


def _longest(by_source: dict[str, dict[int, float]]) -> list[float]:
    """The longest unbroken stretch that ends with the newest day, of the source believed first."""
    ordered = sorted(by_source, key=lambda one: PREFERENCE.index(PriceSource(one)))
    stretches = [_unbroken(by_source[source]) for source in ordered]
    return max(stretches, key=len)


def _unbroken(days: dict[int, float]) -> list[float]:
    day, found = max(days), []
    while day in days:
        found.append(days[day])
        day -= 1
    return found[::-1]
