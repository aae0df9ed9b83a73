"""Prices of Chainlink feeds, read from Chainlink's own aggregator mock on a real chain."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.chains import Chain
from tests.wallets.aggregators import Aggregator, deploy_aggregator
from tests.wallets.rpc_servers import html, prefer, serve
from wallets.chain.client import NetworkClient
from wallets.models import Network, Price, PriceFeed, Token
from wallets.price_feeds import GRACE, ChainlinkSource, register_feed
from wallets.prices import PriceError, known_prices, refresh_prices, worth

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ETHER = 10**18
DESCRIPTION = "v0.6/tests/MockV3Aggregator.sol"


@pytest.fixture
def ether(network: Network) -> Token:
    return network.tokens.get()


@pytest.fixture
def aggregator(chain: Chain) -> Aggregator:
    """A feed of eight decimals that says 3000.12345678."""
    return deploy_aggregator(chain, decimals=8, answer=300_012_345_678)


def register(token: Token, address: str, description: str = DESCRIPTION) -> PriceFeed:
    return register_feed(
        token=token,
        network=token.network,
        address=address,
        heartbeat_seconds=3600,
        source="a test",
        client=NetworkClient(token.network),
        description=description,
    )


def refresh(token: Token) -> list[str]:
    return refresh_prices(tokens=[token], sources=[ChainlinkSource()])


def test_the_feeds_answer_is_the_price_in_its_own_decimals(
    ether: Token, aggregator: Aggregator
) -> None:
    register(ether, aggregator.address)
    assert refresh(ether) == []
    price = known_prices([ether])[ether.pk]
    assert (price.amount, price.decimals) == (300_012_345_678, 8)
    assert worth(ETHER, ether, price) == Decimal("3000.12345678")
    aggregator.answer(250_000_000_000)
    refresh(ether)
    assert worth(ETHER, ether, known_prices([ether])[ether.pk]) == 2500


def test_past_its_heartbeat_the_price_is_unknown(ether: Token, aggregator: Aggregator) -> None:
    register(ether, aggregator.address)
    now = timezone.now()
    for late, known in ((timedelta(0), 1), (timedelta(minutes=1), 0)):
        at = now - timedelta(seconds=3595) - GRACE - late
        aggregator.answer_at(300_000_000_000, int(at.timestamp()))
        refresh(ether)
        assert len(known_prices([ether], now)) == known


@pytest.mark.parametrize("answer", [0, -5])
def test_an_answer_that_is_not_above_zero_is_no_price(
    ether: Token, aggregator: Aggregator, answer: int
) -> None:
    register(ether, aggregator.address)
    aggregator.answer(answer)
    assert "no answer above zero" in refresh(ether)[0]
    assert not Price.objects.exists()


def test_a_round_that_was_never_answered_is_no_price(ether: Token, aggregator: Aggregator) -> None:
    register(ether, aggregator.address)
    aggregator.answer_at(300_000_000_000, 0)
    assert "no answer above zero" in refresh(ether)[0]


def test_an_answer_of_the_future_is_no_price(ether: Token, aggregator: Aggregator) -> None:
    register(ether, aggregator.address)
    later = timezone.now() + timedelta(hours=1)
    aggregator.answer_at(300_000_000_000, int(later.timestamp()))
    assert "is of the future" in refresh(ether)[0]


def test_one_batch_reads_all_feeds_of_a_network(
    network: Network, ether: Token, aggregator: Aggregator, chain: Chain
) -> None:
    other = deploy_aggregator(chain, decimals=18, answer=10**18)
    token = Token.objects.create(network=network, symbol="USDC", address=other.address)
    register(ether, aggregator.address)
    register(token, other.address)
    with serve(chain.url) as server:
        prefer(network, server)
        assert refresh_prices(tokens=[ether, token], sources=[ChainlinkSource()]) == []
        assert (len(server.bodies), server.calls.count("eth_call")) == (1, 4)
    assert worth(10**18, token, known_prices([token])[token.pk]) == 1


def test_a_network_that_does_not_answer_leaves_what_was_known(
    network: Network, ether: Token, aggregator: Aggregator, chain: Chain
) -> None:
    register(ether, aggregator.address)
    refresh(ether)
    with serve(chain.url) as server:
        prefer(network, server)
        network.endpoints.exclude(name="bad").update(enabled=False)
        server.reply = html
        assert "were not read" in refresh(ether)[0]
    assert ether.pk in known_prices([ether])


def test_a_feed_of_something_else_is_refused(ether: Token, aggregator: Aggregator) -> None:
    with pytest.raises(PriceError, match="that is not a price in US dollars"):
        register(ether, aggregator.address, description="")


@pytest.mark.parametrize("address", ["0x" + "0c" * 20, "0x12"])
def test_what_is_no_feed_is_refused(ether: Token, address: str) -> None:
    with pytest.raises(PriceError):
        register(ether, address)
    assert not PriceFeed.objects.exists()
