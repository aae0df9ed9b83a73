"""What `manage.py prices` does: say what is known, set, refresh, and register feeds."""

import csv
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import transaction as database
from django.db.models import QuerySet
from django.utils import timezone

from airdrops_site.answers import Answer, BadInput, table
from analytics.basis.lots import METHODS
from analytics.basis.refreshing import forget
from wallets.addresses import AddressError, parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, Price, PriceSource, Token
from wallets.price_feeds import register_feed
from wallets.price_import import import_prices
from wallets.price_sources import configured_sources
from wallets.prices import (
    PriceError,
    exact_quote,
    is_stale,
    price_text,
    priced_tokens,
    record_prices,
    refresh_prices,
)

NATIVE = "native"


def show(options: dict[str, Any]) -> Answer:
    """What each source last said of each token, and which of it counts."""
    tokens = _tokens(options["network"])
    if not options["all"]:
        tokens = tokens.filter(pk__in=priced_tokens().values("pk"))
    prices: dict[int, list[Price]] = {}
    for row in Price.objects.filter(token__in=tokens).order_by("token", "source"):
        prices.setdefault(row.token_id, []).append(row)
    facts = [
        _facts(token, row)
        for token in tokens.order_by("network__slug", "symbol")
        for row in prices.get(token.pk, [None])
    ]
    columns = ("Network", "Token", "US dollars", "Source", "Age", "Counts")
    rows = [_line(one) for one in facts]
    return Answer(facts, (table("Prices", columns, rows),))


def set_price(options: dict[str, Any]) -> Answer:
    """A person's own price: it goes before all others until its hours are over."""
    token = _token(options["network_slug"], options["token"])
    now = timezone.now()
    hours = options["hours"]
    if not 1 <= hours <= 24 * 366:
        raise BadInput("a price counts for 1 hour to 366 days; write --hours 24")
    quote = exact_quote(
        _number(options["price"]), at=now, stale_at=now + timedelta(hours=hours), detail="set"
    )
    problems = record_prices(source=PriceSource.MANUAL, quotes={token: quote})
    if problems:
        raise BadInput(problems[0])
    said = price_text(quote.amount, quote.decimals)
    sentence = f"{token} counts as {said} for {hours} hours, whatever other sources say."
    return Answer({"token": token.symbol, "usd": said.removesuffix(" USD")}, (sentence,))


def clear(options: dict[str, Any]) -> Answer:
    """Take a person's price back."""
    token = _token(options["network_slug"], options["token"])
    found, _ = Price.objects.filter(token=token, source=PriceSource.MANUAL).delete()
    sentence = f"{token} has no price set by a person {'any more' if found else 'as it was'}."
    return Answer({"token": token.symbol, "cleared": bool(found)}, (sentence,))


def refresh(options: dict[str, Any]) -> tuple[Answer, int]:
    """Ask every configured source now."""
    sources = configured_sources()
    if not sources:
        raise BadInput(
            "no price source is configured: register a feed (`prices feed`) or set "
            "AIRDROPS_PRICE_URL"
        )
    tokens = _tokens(options["network"]) if options["all"] else priced_tokens()
    if options["network"]:
        tokens = tokens.filter(network__slug=options["network"])
    started = timezone.now()
    problems = refresh_prices(tokens=tokens, sources=sources)
    read = Price.objects.filter(read_at__gte=started).exclude(source=PriceSource.MANUAL).count()
    facts = {"asked": tokens.count(), "read": read, "problems": problems}
    said = (f"{read} prices of {facts['asked']} tokens were read.", *problems)
    return Answer(facts, said), 1 if problems else 0


def feed(options: dict[str, Any]) -> Answer:
    """Go by a Chainlink feed for a token, after looking at it."""
    token = _token(options["network_slug"], options["token"])
    network = _network(options["on"]) if options["on"] else token.network
    row = register_feed(
        token=token,
        network=network,
        address=options["address"],
        heartbeat_seconds=options["heartbeat"],
        source=options["source"],
        client=NetworkClient(network),
        description=options["description"],
    )
    return Answer(
        {"token": token.symbol, "feed": row.address, "network": network.slug},
        (f"The price of {token} comes from {row.address} on {network.name} from now on.",),
    )


def import_file(options: dict[str, Any]) -> Answer:
    """Prices of the past out of a CSV, all or none."""
    path = Path(options["file"])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, database.atomic():
            done = import_prices(file=file, name=path.name, dry_run=options["dry_run"])
            if not options["dry_run"]:
                forget(METHODS)  # what was worked out without them
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read as CSV: {error}") from error
    facts = {"lines": done.lines, "points": done.points, "dry_run": options["dry_run"]}
    news = "could be kept; nothing was written" if options["dry_run"] else "are kept"
    said = f"{done.points:,} prices of {done.lines:,} lines {news}; one counts for each 5 minutes"
    return Answer(facts, (said,))


def _facts(token: Token, price: Price | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"network": token.network.slug, "token": token.symbol}
    if price is None:
        return facts | {"usd": None, "source": None, "age_seconds": None, "state": "unknown"}
    stale = is_stale(price)
    return facts | {
        # Text: a number of JSON would be read as a float.
        "usd": price_text(price.amount, price.decimals).removesuffix(" USD"),
        "source": price.source,
        "age_seconds": int((timezone.now() - price.at).total_seconds()),
        "state": "stale: unknown" if stale else "fresh",
    }


def _line(one: dict[str, Any]) -> tuple[str, ...]:
    known = (one["usd"] or "unknown", one["source"] or "–", _age(one["age_seconds"]))
    return one["network"], one["token"], *known, one["state"]


def _age(seconds: int | None) -> str:
    return "–" if seconds is None else f"{seconds} s"


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise PriceError(f"{text!r} is not a number; write it like 1.5") from error


def _tokens(slug: str) -> QuerySet[Token]:
    rows = Token.objects.filter(enabled=True, network__enabled=True).select_related("network")
    return rows.filter(network=_network(slug)) if slug else rows


def _network(slug: str) -> Network:
    found = Network.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"there is no network {slug}; known are {known or 'none'}")
    return found


def _token(slug: str, name: str) -> Token:
    """By its symbol or address; the symbol only where there is one of that name."""
    rows = Token.objects.filter(network=_network(slug)).select_related("network")
    try:
        found = list(rows.filter(address="" if name == NATIVE else parse_address(name)))
    except AddressError:
        found = list(rows.filter(symbol=name))
    if len(found) > 1:
        raise BadInput(f"{slug} has {len(found)} tokens called {name}; give the address")
    if not found:
        raise BadInput(f"{slug} has no token {name}; `tokens list` shows them")
    return found[0]
