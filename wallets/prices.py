"""What a token is worth in US dollars, as far as somebody knows it now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from wallets.amounts import DIGITS, MAX_UINT256, show_amount, to_decimal
from wallets.models import Balance, Price, PricePoint, PriceSource, Token
from wallets.price_history import PREFERENCE, keep_points

MOST_DECIMALS = 36
# A clock of a source may be a little ahead; a price of the future is somebody's mistake.
CLOCK_SKEW = timedelta(minutes=5)


class PriceError(Exception):
    """A source that gave no usable price; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Quote:
    """US dollars for one whole token, `amount` / 10**`decimals`; it counts until `stale_at`."""

    amount: int
    decimals: int
    at: datetime
    stale_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Readings:
    """What a source said, by token; and a sentence for each it should have known and did not."""

    quotes: Mapping[Token, Quote]
    problems: tuple[str, ...] = ()


class Source(Protocol):
    """Somebody who knows prices; asked outside of every database transaction."""

    @property
    def name(self) -> PriceSource:
        """Under which its prices are kept."""
        ...

    def read(self, tokens: Sequence[Token]) -> Readings:
        """The prices of those of the tokens it knows."""
        ...


def refresh_prices(*, tokens: Iterable[Token], sources: Iterable[Source]) -> list[str]:
    """Ask each source for the tokens' prices and keep what they say; the problems, a sentence each.

    A source that fails leaves what was known, which grows stale by itself.
    """
    asked = list(tokens)
    problems: list[str] = []
    for source in sources:
        found = source.read(asked)
        problems += [*found.problems, *record_prices(source=source.name, quotes=found.quotes)]
    return problems


def record_prices(*, source: PriceSource, quotes: Mapping[Token, Quote]) -> list[str]:
    """Keep what a source says; a sentence for each that cannot be a price and was not kept."""
    now = timezone.now()
    problems = {token: _problem(quote, now) for token, quote in quotes.items()}
    # One that is stale already says nothing about now.
    said = {
        token: (quote.amount, quote.decimals)
        for token, quote in quotes.items()
        if not problems[token] and quote.stale_at > now
    }
    keep_points(source=source, amounts=said, read_at=now)
    Price.objects.bulk_create(
        (
            Price(
                token=token,
                source=source,
                amount=quote.amount,
                decimals=quote.decimals,
                at=quote.at,
                stale_at=quote.stale_at,
                read_at=now,
                detail=quote.detail[:200],
            )
            for token, quote in quotes.items()
            if not problems[token]
        ),
        update_conflicts=True,
        unique_fields=("token", "source"),
        update_fields=("amount", "decimals", "at", "stale_at", "read_at", "detail"),
    )
    return [
        f"the price of {token} by {source.label} {problem}; it was not kept"
        for token, problem in problems.items()
        if problem
    ]


def _problem(quote: Quote, now: datetime) -> str:
    if quote.amount <= 0:
        return "is not above zero"
    if not 0 <= quote.decimals <= MOST_DECIMALS or quote.amount > MAX_UINT256:
        return "has too many digits"
    return "is of the future" if quote.at > now + CLOCK_SKEW else ""


def priced_tokens() -> QuerySet[Token]:
    """The tokens whose prices are asked for: coins, and what some wallet holds."""
    held = Balance.objects.filter(token=OuterRef("pk"), amount__gt=0)
    rows = Token.objects.filter(enabled=True, network__enabled=True).select_related("network")
    return rows.filter(Q(address="") | Exists(held) | Q(price_feed__enabled=True))


def known_prices(tokens: Iterable[Token], now: datetime | None = None) -> dict[int, Price]:
    """The price to go by, by token; a token without a fresh one is not in it: unknown, never 0."""
    moment = now or timezone.now()
    fresh = Price.objects.filter(token__in=list(tokens), stale_at__gt=moment)
    found: dict[int, Price] = {}
    for row in sorted(fresh, key=lambda one: PREFERENCE.index(PriceSource(one.source))):
        found.setdefault(row.token_id, row)
    return found


def worth(amount: int | None, token: Token, price: Price | None) -> Decimal | None:
    """US dollars of so many base units, exactly; None where the amount or the price is unknown."""
    if amount is None or price is None:
        return None
    with localcontext(prec=2 * DIGITS):
        return to_decimal(amount, token.decimals) * to_decimal(price.amount, price.decimals)


def worth_at(amount: int, token: Token, point: PricePoint | None) -> Decimal | None:
    """The same at a price of the past; None where nobody knows that."""
    if point is None:
        return None
    with localcontext(prec=2 * DIGITS):
        return to_decimal(amount, token.decimals) * to_decimal(point.amount, point.decimals)


def plain(number: Decimal) -> str:
    """Every digit of it, without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_stale(price: Price, now: datetime | None = None) -> bool:
    """Whether it counts no longer."""
    return price.stale_at <= (now or timezone.now())


def price_text(amount: int, decimals: int) -> str:
    """As a person reads it."""
    return show_amount(amount, decimals, "USD")


def exact_quote(number: Decimal, *, at: datetime, stale_at: datetime, detail: str = "") -> Quote:
    """A decimal number as it was written; PriceError for what cannot be a price.

    Digits behind the 36th decimal are cut off.
    """
    if not number.is_finite() or number.adjusted() > MOST_DECIMALS:
        raise PriceError(f"{number} is no price")
    places = min(max(0, -int(number.as_tuple().exponent)), MOST_DECIMALS)
    with localcontext(prec=2 * DIGITS, rounding=ROUND_DOWN):
        return Quote(int(number.scaleb(places)), places, at, stale_at, detail)
