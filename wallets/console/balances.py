"""A wallet's balances by network, what they are worth, and how they came to be."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from wallets.amounts import to_decimal
from wallets.minimums import balances_under_minimum
from wallets.models import Balance, BalancePoint, Price, Token, Wallet
from wallets.prices import known_prices, worth

MOST_POINTS = 200
MOST_CHARTS = 4
# Changes that are read for one chart, the newest.
MOST_READ = 10_000
_NARROWEST = timedelta(seconds=60)
_OPTIONS = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "plugins": {"legend": {"display": False}},
        "elements": {"point": {"radius": 0, "hitRadius": 8}, "line": {"stepped": True}},
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {"maxTicksLimit": 5, "maxRotation": 0}},
            "y": {"grid": {}, "beginAtZero": True, "ticks": {"maxTicksLimit": 5}},
        },
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One balance with its price."""

    balance: Balance
    price: Price | None
    usd: Decimal | None
    is_low: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """What Chart.js draws: evenly spaced moments and the balance at each."""

    token: Token
    data: str
    options: str = _OPTIONS


def balances_of(wallet: Wallet) -> str:
    """The table and the charts, for the wallet's own page."""
    rows = list(
        Balance.objects.filter(wallet=wallet)
        .select_related("token__network", "snapshot")
        .order_by("token__network__slug", "token__symbol", "pk")
    )
    low = set(balances_under_minimum().filter(wallet=wallet).values_list("pk", flat=True))
    shown = [row for row in rows if row.amount != 0 or row.pk in low]
    prices = known_prices(row.token for row in shown)
    lines = [_line(row, prices.get(row.token_id), low) for row in shown]
    valued = sorted(lines, key=lambda line: line.usd or Decimal(-1), reverse=True)
    context = {
        "lines": lines,
        "zeros": len(rows) - len(lines),
        "total": sum((line.usd for line in lines if line.usd is not None), Decimal(0)),
        "unpriced": sum(line.usd is None for line in lines),
        "charts": [_chart(line.balance) for line in valued[:MOST_CHARTS]],
    }
    return render_to_string("console/balances.html", context)


def _line(row: Balance, price: Price | None, low: set[int]) -> Line:
    return Line(row, price, worth(row.amount, row.token, price), row.pk in low)


def _chart(row: Balance) -> Chart:
    points = BalancePoint.objects.filter(wallet=row.wallet_id, token=row.token_id)
    newest = points.order_by("-snapshot_id").values_list("snapshot__block_at", "amount")
    labels, values = spread(list(newest[:MOST_READ])[::-1], timezone.now())
    data = {
        "labels": [f"{moment:%m-%d %H:%M}" for moment in labels],
        "datasets": [
            {
                "label": row.token.symbol,
                "data": [_drawn(value, row.token) for value in values],
                "borderColor": "var(--color-primary-600)",
                "borderWidth": 2,
            }
        ],
    }
    return Chart(row.token, json.dumps(data))


def spread(
    points: Sequence[tuple[datetime, int | None]], now: datetime
) -> tuple[list[datetime], list[int | None]]:
    """At most MOST_POINTS evenly spaced moments until now, each with the balance as of then."""
    if not points:
        return [], []
    start = points[0][0]
    width = max((now - start) / (MOST_POINTS - 1), _NARROWEST)
    moments = [start + width * step for step in range(int((now - start) / width) + 1)]
    values: list[int | None] = []
    place = 0
    for moment in moments:
        while place + 1 < len(points) and points[place + 1][0] <= moment:
            place += 1
        values.append(points[place][1])
    # The last change may be younger than the last moment.
    return [*moments[: MOST_POINTS - 1], now], [*values[: MOST_POINTS - 1], points[-1][1]]


def _drawn(amount: int | None, token: Token) -> Any:
    """Only for drawing: a picture has no more digits than a float."""
    return None if amount is None else float(to_decimal(amount, token.decimals))
