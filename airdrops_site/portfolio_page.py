"""The console's page of the portfolio: its value over time, how it did, and where it is."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from airdrops_site.portfolio_command import facts
from analytics.portfolio import Point, PortfolioError, measures, points
from analytics.portfolio.distribution import BY, Distribution, distributions

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "a year"}
USUAL = "30"
# By the hour where that is no more points than a chart shows.
HOURLY_DAYS = 7
MOST_POINTS = 200
MOST_PARTS = 12
# All values of a year are read for it: often enough for a person.
SECONDS = 60
_OPTIONS = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "plugins": {"legend": {"display": False}},
        "elements": {"point": {"radius": 1, "hitRadius": 8}},
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {"maxTicksLimit": 8, "maxRotation": 0}},
            "y": {"grid": {}, "ticks": {"maxTicksLimit": 6}},
        },
    }
)


def portfolio(request: HttpRequest) -> HttpResponse:
    """For whoever may see what all is worth."""
    user: Any = request.user
    if not user.has_perm("analytics.view_equitypoint"):
        raise PermissionDenied
    asked = request.GET.get("days", USUAL)
    days = asked if asked in PERIODS else USUAL
    shown = cache.get_or_set(f"portfolio-{days}", lambda: _shown(int(days)), SECONDS)
    context = {
        **admin.site.each_context(request),
        **(shown or {}),
        "title": "Portfolio",
        "periods": PERIODS,
        "days": days,
    }
    return TemplateResponse(request, "console/portfolio.html", context)


def _shown(days: int) -> dict[str, Any]:
    end = timezone.now()
    start = end - timedelta(days=days)
    found = measures(start=start, end=end)
    over_time = points(start=start, end=end, every="hour" if days <= HOURLY_DAYS else "day")
    return {
        "as_of": end,
        "data": chart(over_time, hourly=days <= HOURLY_DAYS),
        "options": _OPTIONS,
        "points": len(over_time),
        "measures": list(facts.measure_lines(found)),
        "benchmarks": list(facts.benchmark_lines(found)),
        "holes": found.holes,
        "notes": found.notes,
        "distributions": [_parts(one) for one in _where()],
    }


def _where() -> list[Distribution]:
    try:
        return distributions(BY)
    except PortfolioError:
        return []


def _parts(found: Distribution) -> dict[str, Any]:
    lines = [
        (part.name, facts.cents(part.cents), facts.percent(part.share)) for part in found.parts
    ]
    return {
        "by": found.by,
        "at": found.at,
        "lines": lines[:MOST_PARTS],
        "more": max(0, len(lines) - MOST_PARTS),
        "unknown": found.unknown,
        "hhi": facts.number(found.hhi),
    }


def chart(found: Sequence[Point], *, hourly: bool) -> str:
    """What Chart.js draws; where the value is unknown there is a gap."""
    every = -(-len(found) // MOST_POINTS) or 1
    # From the end, so that the newest is there.
    drawn = list(reversed(list(reversed(found))[::every]))
    data = {
        "labels": [_label(one.at, hourly=hourly) for one in drawn],
        "datasets": [
            {
                "label": "US dollars",
                # Only for drawing: a picture has no more digits than a float.
                "data": [None if one.cents is None else one.cents / 100 for one in drawn],
                "borderColor": "var(--color-primary-600)",
                "borderWidth": 2,
            }
        ],
    }
    return json.dumps(data)


def _label(at: datetime, *, hourly: bool) -> str:
    return f"{at:%m-%d %H:%M}" if hourly else f"{at:%Y-%m-%d}"
