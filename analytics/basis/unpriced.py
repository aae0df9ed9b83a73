"""Which prices of the past are missing, and how a person supplies them."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TextIO

from django.db import transaction as database
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from analytics.basis.book import Book
from analytics.basis.lots import METHODS
from analytics.basis.refreshing import forget
from wallets.addresses import AddressError, parse_address
from wallets.models import PricePoint, PriceSource, Token
from wallets.prices import PriceError, exact_quote

COLUMNS = ("network", "token", "at", "usd")
NATIVE = "native"
MOST_LINES = 1_000_000


class PriceFileError(Exception):
    """Why a file of prices is not taken: the line, the field, and what to do."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A token whose price of a day (UTC) is not known though that many entries need it."""

    token: Token
    day: date
    entries: int


def unpriced(book: Book) -> list[Unpriced]:
    """By network, symbol and day."""
    counts: dict[tuple[int, date], int] = defaultdict(int)
    for key, sums in book.days.items():
        if sums.unpriced:
            counts[key.token, key.day] += sums.unpriced
    tokens = Token.objects.select_related("network").in_bulk({token for token, _ in counts})
    found = [Unpriced(tokens[token], day, count) for (token, day), count in counts.items()]
    return sorted(found, key=lambda one: (*_name(one.token), one.day))


def _name(token: Token) -> tuple[str, str, int]:
    return token.network.slug, token.symbol, token.pk


def template(found: Iterable[Unpriced]) -> Iterator[tuple[str, str, str, str]]:
    """The lines of a file to be filled in: a price at the day's start counts all day."""
    for one in found:
        token = one.token.address or NATIVE
        yield one.token.network.slug, token, f"{one.day}T00:00:00Z", ""


def import_prices(file: TextIO) -> int:
    """Keep the prices of a CSV file (network, token, at, usd): all of them, or none.

    How many there were; what was worked out of the books begins again. PriceFileError otherwise.
    """
    points = list(_points(csv.DictReader(file)))
    if not points:
        raise PriceFileError(f"there is no line with a price; the columns are {','.join(COLUMNS)}")
    with database.atomic():
        PricePoint.objects.bulk_create(
            points,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=("token", "source", "at"),
            update_fields=("amount", "decimals"),
        )
        forget(METHODS)
    return len(points)


def _points(lines: "csv.DictReader[str]") -> Iterator[PricePoint]:
    if missing := [name for name in COLUMNS if name not in (lines.fieldnames or ())]:
        raise PriceFileError(f"line 1: there is no column {missing[0]}; needed are {COLUMNS}")
    tokens = _tokens()
    said: dict[tuple[int, datetime], int] = {}
    for line in lines:
        number = lines.line_num
        if number > MOST_LINES:
            raise PriceFileError(f"line {number}: a file may have {MOST_LINES:,} lines; split it")
        if not (line["usd"] or "").strip():
            continue  # left empty: still unknown
        point = _point(number, line, tokens)
        first = said.setdefault((point.token_id, point.at), number)
        if first != number:
            raise PriceFileError(f"line {number}: line {first} is about the same token and time")
        yield point


def _point(number: int, line: dict[str, str], tokens: dict[tuple[str, str], Token]) -> PricePoint:
    token = tokens.get((line["network"] or "", _address(number, line["token"] or "")))
    if token is None:
        where = f"{line['token']} on {line['network']}"
        raise PriceFileError(
            f"line {number}: there is no token {where}; write its address, or {NATIVE}"
        )
    at = _moment(number, line["at"] or "")
    try:
        quote = exact_quote(Decimal(line["usd"].strip()), at=at, stale_at=at)
    except (InvalidOperation, PriceError) as error:
        raise PriceFileError(
            f"line {number}: usd {line['usd']!r} is no price; write it like 1234.5"
        ) from error
    if quote.amount <= 0:
        raise PriceFileError(f"line {number}: usd {line['usd']} is not above zero")
    return PricePoint(
        token=token, source=PriceSource.MANUAL, amount=quote.amount, decimals=quote.decimals, at=at
    )


def _tokens() -> dict[tuple[str, str], Token]:
    rows = Token.objects.select_related("network")
    return {(row.network.slug, row.address): row for row in rows}


def _address(number: int, text: str) -> str:
    if text == NATIVE:
        return ""
    try:
        return parse_address(text)
    except AddressError as error:
        raise PriceFileError(f"line {number}: token: {error}") from error


def _moment(number: int, text: str) -> datetime:
    try:
        moment = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError as error:
        raise PriceFileError(
            f"line {number}: at {text!r} is no time; write it like 2026-01-31T00:00:00Z"
        ) from error
    at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if at > timezone.now():
        raise PriceFileError(f"line {number}: at {text} is still to come")
    return at
