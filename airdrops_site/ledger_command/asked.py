"""What is asked of the ledger: days, wallets, the method."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from analytics.basis import METHODS
from wallets.models import Wallet

# No chain is older; far from where dates end, so that a day after it is one.
FIRST_YEAR, LAST_YEAR = 2009, 2999


def add_method(parser: CommandParser) -> None:
    """Which lots leave first."""
    parser.add_argument("--method", choices=METHODS, default="fifo", help="which lots leave first")


def add_days(parser: CommandParser) -> None:
    """From one day to another."""
    parser.add_argument("--from", dest="first", default="", help="the first day, like 2026-01-31")
    parser.add_argument("--to", dest="last", default="", help="the last day (UTC)")


def add_wallets(parser: CommandParser) -> None:
    """Only some."""
    parser.add_argument(
        "--wallet", action="append", default=[], help="only this one, by label; may be repeated"
    )


def days(options: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """The first moment, and the one after the last."""
    first, last = _day("--from", options["first"]), _day("--to", options["last"])
    if first and last and last < first:
        raise BadInput(f"--to {last} is before --from {first}")
    end = None if last is None else _midnight(last) + timedelta(days=1)
    return None if first is None else _midnight(first), end


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{name} {text} is no day; write it like 2026-01-31") from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(f"{name} {text}: the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def wallets(options: dict[str, Any]) -> list[Wallet] | None:
    """Those that were named; None for all."""
    labels = list(dict.fromkeys(options["wallet"]))
    if not labels:
        return None
    found = {one.label: one for one in Wallet.objects.filter(label__in=labels)}
    if missing := [label for label in labels if label not in found]:
        raise BadInput(f"there is no wallet {missing[0]}; `wallets list` shows them")
    return [found[label] for label in labels]
