"""Prices of a server over HTTP: exact, and unknown rather than doubtful."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from tests import factories
from tests.wallets.price_server import PriceServer, serve_prices
from wallets.addresses import ZERO_ADDRESS
from wallets.models import Network, Price, Token
from wallets.price_http import AT_ONCE, HttpSource
from wallets.prices import known_prices, refresh_prices, worth

pytestmark = [pytest.mark.django_db, pytest.mark.db]
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with serve_prices() as running:
        yield running


@pytest.fixture
def network() -> Network:
    """Ethereum, as far as prices go."""
    return factories.NetworkFactory.create(chain_id=1, slug="ethereum")


@pytest.fixture
def usdc(network: Network) -> Token:
    return factories.TokenFactory.create(network=network, address=USDC, symbol="USDC")


def coin(price: Any, **fields: Any) -> dict[str, Any]:
    """A coin as the server tells of it."""
    facts = {"decimals": 6, "symbol": "USDC", "timestamp": int(time.time()), "confidence": 0.99}
    return {**facts, "price": price, **fields}


def refresh(server: PriceServer, *tokens: Token) -> list[str]:
    return refresh_prices(tokens=tokens, sources=[HttpSource(server.url)])


def test_a_price_is_kept_digit_for_digit(server: PriceServer, usdc: Token) -> None:
    server.raw = (
        200,
        f'{{"coins":{{"ethereum:{USDC}":{{"decimals":6,"symbol":"USDC",'
        f'"price":0.99992345678901234567,"timestamp":{int(time.time())},"confidence":0.99}}}}}}',
    )
    assert refresh(server, usdc) == []
    price = known_prices([usdc])[usdc.pk]
    assert worth(10**6, usdc, price) == Decimal("0.99992345678901234567")
    assert price.detail == server.url


def test_a_coin_is_asked_by_the_zero_address(server: PriceServer, network: Network) -> None:
    ether = factories.NativeCoinFactory.create(network=network)
    name = f"ethereum:{ZERO_ADDRESS}"
    server.coins[name] = coin(3000.5, decimals=18, symbol="ETH")
    assert (refresh(server, ether), server.asked) == ([], [[name]])
    assert worth(2 * 10**18, ether, known_prices([ether])[ether.pk]) == 6001


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (coin(0), "is not above zero"),
        (coin(-1), "is not above zero"),
        (coin("NaN"), "cannot be read"),
        (coin(None), "cannot be read"),
        ("1", "cannot be read"),
        (coin(1, decimals=18), "it takes it for a token of 18 decimals"),
        (coin(1, confidence=0.4), "its confidence is 0.4, below 0.9"),
        (coin(1, timestamp=2**33), "is of the future"),
        (coin(1e60), "is no price"),
    ],
)
def test_what_is_doubtful_is_not_kept(
    server: PriceServer, usdc: Token, found: Any, sentence: str
) -> None:
    server.coins[f"ethereum:{USDC}"] = found
    (problem,) = refresh(server, usdc)
    assert sentence in problem
    assert known_prices([usdc]) == {}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ((200, "<html>"), "something that is no prices"),
        ((200, "[]"), "something that is no prices"),
        ((503, ""), "answered HTTP 503"),
        ((302, ""), "answered HTTP 302"),
    ],
)
def test_a_server_that_misbehaves_leaves_what_was_known(
    server: PriceServer, usdc: Token, raw: tuple[int, str], sentence: str
) -> None:
    server.coins[f"ethereum:{USDC}"] = coin(1.5)
    refresh(server, usdc)
    server.raw, server.headers = raw, {"Location": "http://127.0.0.1:9/"}
    (problem,) = refresh(server, usdc)
    assert sentence in problem
    assert worth(10**6, usdc, known_prices([usdc])[usdc.pk]) == Decimal("1.5")


def test_an_old_price_is_unknown(server: PriceServer, usdc: Token, settings: Settings) -> None:
    settings.PRICE_MAX_AGE = 60
    server.coins[f"ethereum:{USDC}"] = coin(1.5, timestamp=int(time.time()) - 61)
    refresh(server, usdc)
    assert (Price.objects.count(), known_prices([usdc])) == (1, {})


def test_many_tokens_are_asked_for_together(server: PriceServer, network: Network) -> None:
    tokens = factories.TokenFactory.create_batch(AT_ONCE + 1, network=network)
    refresh(server, *tokens)
    assert [len(names) for names in server.asked] == [AT_ONCE, 1]


def test_a_network_without_a_name_is_not_asked_for_unless_it_is_given_one(
    server: PriceServer, settings: Settings
) -> None:
    token = factories.TokenFactory.create(network__slug="own", network__chain_id=4242)
    refresh(server, token)
    assert server.asked == []
    settings.PRICE_CHAINS = ["own=ethereum"]
    refresh(server, token)
    assert server.asked == [[f"ethereum:{token.address}"]]


def test_nothing_beyond_this_machine_is_asked_where_only_a_devnet_is_allowed(usdc: Token) -> None:
    source = HttpSource("https://pro-api.example.org/secret-key-of-the-operator/coins")
    (problem,) = refresh_prices(tokens=[usdc], sources=[source])
    assert "pro-api.example.org, which is not on this machine" in problem
    assert "secret-key" not in problem


def test_a_key_in_the_path_is_in_no_problem_and_no_price(server: PriceServer, usdc: Token) -> None:
    source = HttpSource(f"{server.url}/secret-key-of-the-operator")
    server.coins[f"ethereum:{USDC}"] = coin(1.5)
    refresh_prices(tokens=[usdc], sources=[source])
    server.raw = (500, "")
    (problem,) = refresh_prices(tokens=[usdc], sources=[source])
    assert "secret" not in problem + Price.objects.get().detail
