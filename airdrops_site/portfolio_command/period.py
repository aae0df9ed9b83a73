"""The time that was asked about, as it was typed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from airdrops_site.answers import BadInput

USUAL_DAYS = 30
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment to another."""

    start: datetime
    end: datetime


def add_period(parser: CommandParser) -> None:
    """The options that say it."""
    parser.add_argument(
        "--days", type=int, default=USUAL_DAYS, help=f"back from the end; {USUAL_DAYS}"
    )
    parser.add_argument("--from", dest="start", default="", help="a day (UTC) instead: 2026-01-31")
    parser.add_argument("--to", dest="end", default="", help="the last day; now without it")


def period_of(options: dict[str, Any], now: datetime | None = None) -> Period:
    """BadInput for what is no time."""
    end = now or timezone.now()
    if options["end"]:
        end = min(end, _day(options["end"], "--to") + timedelta(days=1))
    if options["start"]:
        start = _day(options["start"], "--from")
    elif 1 <= options["days"] <= MOST_DAYS:
        start = end - timedelta(days=options["days"])
    else:
        raise BadInput(f"--days {options['days']} is not 1 to {MOST_DAYS}")
    if start >= end:
        raise BadInput(f"the time from {start:%Y-%m-%d} ends before it begins; give other days")
    return Period(start, end)


def _day(text: str, option: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadInput(f"{option} {text!r} is no day; write it like 2026-01-31") from error
