"""Prices of the past out of a file: all of it or nothing, and twice is the same as once."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import batched
from typing import TextIO

from django.db import transaction as database
from django.utils import timezone

from wallets.addresses import AddressError, parse_address
from wallets.models import Network, PricePoint, PriceSource, Token
from wallets.price_history import moment_of
from wallets.prices import CLOCK_SKEW, PriceError, exact_quote

COLUMNS = ("network", "token", "time", "price")
NATIVE = "native"
ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines there were, and how many points they are."""

    lines: int
    points: int


def import_prices(*, file: TextIO, name: str, dry_run: bool = False) -> Imported:
    """Take over the lines of a CSV with the columns network,token,time,price as a person's word.

    Time is seconds since 1970 or ISO 8601; US dollars for one whole token. PriceError with the
    line for the first that cannot be that, and nothing is written.
    """
    lines = list(_points(csv.DictReader(file), name))
    points = _only_once(lines)
    if not dry_run:
        with database.atomic():
            for some in batched(points.values(), ROWS_AT_ONCE):
                PricePoint.objects.bulk_create(
                    some,
                    update_conflicts=True,
                    unique_fields=("token", "source", "at"),
                    update_fields=("amount", "decimals"),
                )
    return Imported(len(lines), len(points))


def _only_once(points: Iterable[PricePoint]) -> dict[tuple[int, datetime], PricePoint]:
    """Of two in the same five minutes the first stays, as it does with what is read."""
    found: dict[tuple[int, datetime], PricePoint] = {}
    for point in points:
        found.setdefault((point.token_id, point.at), point)
    return found


def _points(rows: "csv.DictReader[str]", name: str) -> Iterator[PricePoint]:
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise PriceError(
            f"{name} lacks the column {missing[0]}; its first line must name {','.join(COLUMNS)}"
        )
    tokens = _Tokens()
    for row in rows:
        where = f"line {rows.line_num} of {name}"
        try:
            token = tokens.of(row["network"] or "", row["token"] or "")
            at, price = _moment(row["time"] or ""), _price(row["price"] or "")
            quote = exact_quote(price, at=at, stale_at=at)
        except PriceError as error:
            raise PriceError(f"{where}: {error}") from error
        yield PricePoint(
            token=token,
            source=PriceSource.MANUAL,
            amount=quote.amount,
            decimals=quote.decimals,
            at=moment_of(at),
        )


class _Tokens:
    """Tokens by what a line calls them: asked for once a network, not once a line."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, list[Token]]] = {}

    def of(self, slug: str, name: str) -> Token:
        """The one token of that symbol or address."""
        named = self._named(slug.strip())
        found = named.get(_key(name.strip()), [])
        if len(found) == 1:
            return found[0]
        many = f"{slug} has {len(found)} tokens called {name}; write the address"
        raise PriceError(many if found else f"{slug} has no token {name}; `tokens list` shows them")

    def _named(self, slug: str) -> dict[str, list[Token]]:
        if slug not in self._known:
            network = Network.objects.filter(slug=slug).first()
            if network is None:
                raise PriceError(f"there is no network {slug!r}; write its slug")
            named = self._known.setdefault(slug, {})
            for token in Token.objects.filter(network=network):
                for key in {token.symbol, token.address or NATIVE}:
                    named.setdefault(key, []).append(token)
        return self._known[slug]


def _key(name: str) -> str:
    try:
        return parse_address(name)
    except AddressError:
        return name


def _moment(text: str) -> datetime:
    try:
        if text.strip().isdecimal():
            at = datetime.fromtimestamp(int(text), tz=UTC)
        else:
            at = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError, OSError):
        raise PriceError(f"{text[:40]!r} is no time; write 2024-03-01T12:00Z") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if at > timezone.now() + CLOCK_SKEW:
        raise PriceError(f"{text[:40]} is of the future")
    return at


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        raise PriceError(f"{text[:40]!r} is no number; write it like 1.5") from None
    if not price.is_finite() or price <= 0:
        raise PriceError(f"{text[:40]} is not above zero")
    return price
