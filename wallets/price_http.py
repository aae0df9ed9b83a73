"""Prices from a DefiLlama-compatible server: `GET /prices/current/{chain}:{address},…`.

https://api-docs.defillama.com (coins). Only the server that the settings name is asked; it may
not send us elsewhere.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import httpx
from django.conf import settings
from pydantic import BaseModel, Field, ValidationError

from wallets.addresses import ZERO_ADDRESS
from wallets.chain.masking import mask_url
from wallets.chain.web import NotReachable, read_page, require_reachable
from wallets.models import Network, PriceSource, Token
from wallets.prices import PriceError, Quote, Readings, exact_quote

# As the server names chains in its answers; others are named in the settings.
CHAINS = {
    1: "ethereum",
    10: "optimism",
    56: "bsc",
    100: "xdai",
    137: "polygon",
    143: "monad",
    324: "era",
    8453: "base",
    42161: "arbitrum",
    59144: "linea",
    80094: "berachain",
    534352: "scroll",
}
# An address is 42 characters long, and some servers take no more than 4 kB of a path.
AT_ONCE = 50
LEAST_CONFIDENCE = Decimal("0.9")


class _Coin(BaseModel):
    price: Decimal
    timestamp: Annotated[int, Field(ge=0, le=2**40)]
    decimals: int | None = None
    confidence: Decimal | None = None


class HttpSource:
    """One server. What it does not know, or is not sure of, is unknown."""

    name = PriceSource.HTTP

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")
        # A path may be a customer's key: only the host is ever told.
        self._shown = mask_url(self._base)

    def read(self, tokens: Sequence[Token]) -> Readings:
        """The prices of those tokens whose network the server has a name for."""
        names = {token: name for token in tokens if (name := coin_name(token))}
        quotes: dict[Token, Quote] = {}
        problems: list[str] = []
        for some in _chunks(list(names.items())):
            try:
                coins = self._ask([name for _, name in some])
            except PriceError as error:
                problems.append(str(error))
                break
            for token, name in some:
                if (coin := coins.get(name.lower())) is not None:
                    self._take(token, coin, quotes, problems)
        return Readings(quotes, tuple(problems))

    def _take(
        self, token: Token, coin: Any, quotes: dict[Token, Quote], problems: list[str]
    ) -> None:
        try:
            quotes[token] = self._quote(token, _Coin.model_validate(coin))
        except ValidationError:
            problems.append(f"{self._shown} gives a price of {token} that cannot be read")
        except PriceError as error:
            problems.append(f"{self._shown} gives a price of {token} that does not count: {error}")

    def _quote(self, token: Token, coin: _Coin) -> Quote:
        if coin.decimals is not None and coin.decimals != token.decimals:
            raise PriceError(f"it takes it for a token of {coin.decimals} decimals")
        if coin.confidence is not None and coin.confidence < LEAST_CONFIDENCE:
            raise PriceError(f"its confidence is {coin.confidence}, below {LEAST_CONFIDENCE}")
        at = datetime.fromtimestamp(coin.timestamp, tz=UTC)
        stale_at = at + timedelta(seconds=settings.PRICE_MAX_AGE)
        return exact_quote(coin.price, at=at, stale_at=stale_at, detail=self._shown)

    def _ask(self, names: Sequence[str]) -> dict[str, Any]:
        """What the server says of each coin, by its name in lower case."""
        try:
            require_reachable(self._base)
            status, body = read_page(f"{self._base}/prices/current/{','.join(names)}")
        except NotReachable as error:
            raise PriceError(f"AIRDROPS_PRICE_URL {error}") from None
        except httpx.HTTPError as error:
            raise PriceError(f"{self._shown} did not answer: {type(error).__name__}") from None
        if status != 200:
            raise PriceError(f"{self._shown} answered HTTP {status}")
        try:
            coins = json.loads(body, parse_float=Decimal)["coins"]
            return {str(name).lower(): coin for name, coin in coins.items()}
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise PriceError(f"{self._shown} answered something that is no prices") from None


def coin_name(token: Token) -> str:
    """How the server calls a token; empty where it has no name for its network."""
    chain = _chain_name(token.network)
    return f"{chain}:{token.address or ZERO_ADDRESS}" if chain else ""


def _chain_name(network: Network) -> str:
    named = dict(pair.split("=", 1) for pair in settings.PRICE_CHAINS if "=" in pair)
    return named.get(network.slug) or CHAINS.get(network.chain_id, "")


def _chunks(names: list[tuple[Token, str]]) -> Iterator[list[tuple[Token, str]]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
