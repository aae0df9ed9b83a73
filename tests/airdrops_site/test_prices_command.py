"""`manage.py prices`: who says what, how old it is, and whether it counts."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from tests.chains import Chain
from tests.wallets.aggregators import deploy_aggregator
from tests.wallets.price_server import PriceServer, serve_prices
from wallets import wakeups
from wallets.addresses import ZERO_ADDRESS
from wallets.models import Lease, Network, Price, PriceFeed, Wallet
from wallets.tasks import read_prices

pytestmark = [pytest.mark.django_db, pytest.mark.db]
DESCRIPTION = "v0.6/tests/MockV3Aggregator.sol"
COIN = f"ethereum:{ZERO_ADDRESS}"


def prices(*arguments: str) -> Any:
    """What the command prints, read as JSON."""
    said = StringIO()
    # The exit code says whether something was not read.
    with suppress(SystemExit):
        call_command("prices", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


@pytest.fixture
def server(network: Network, settings: Settings) -> Iterator[PriceServer]:
    """A price server that says 3000.5 for the network's coin."""
    with serve_prices() as running:
        settings.PRICE_URL = running.url
        settings.PRICE_CHAINS = [f"{network.slug}=ethereum"]
        running.coins[COIN] = {"decimals": 18, "price": 3000.5, "timestamp": int(time.time())}
        yield running


def shown() -> list[tuple[str | None, str | None, str]]:
    return [(one["usd"], one["source"], one["state"]) for one in prices("list")]


def due() -> list[str]:
    (periodic,) = (one for one in wakeups.registered() if one.name == "prices")
    return list(periodic.due())


def test_a_token_nobody_has_a_price_for_is_unknown(network: Network) -> None:
    assert shown() == [(None, None, "unknown")]


def test_every_source_is_shown_and_a_stale_one_is_unknown(
    server: PriceServer, network: Network
) -> None:
    assert prices("refresh") == {"asked": 1, "read": 1, "problems": []}
    prices("set", network.slug, "ETH", "2999.99")
    assert shown() == [("3000.5", "http", "fresh"), ("2999.99", "manual", "fresh")]
    Price.objects.update(stale_at=timezone.now())
    assert {state for *_, state in shown()} == {"stale: unknown"}


def test_a_feed_is_registered_and_read(network: Network, chain: Chain) -> None:
    feed = deploy_aggregator(chain, decimals=8, answer=300_000_000_000)
    arguments = ("--heartbeat", "3600", "--source", "a test", "--description", DESCRIPTION)
    prices("feed", network.slug, "native", feed.address, *arguments)
    assert prices("refresh")["read"] == 1
    assert shown() == [("3000", "chainlink", "fresh")]
    assert PriceFeed.objects.get().source == "a test"


def test_a_price_of_ones_own_is_taken_back(network: Network) -> None:
    prices("set", network.slug, "ETH", "3000", "--hours", "1")
    assert prices("clear", network.slug, "ETH")["cleared"]
    assert shown() == [(None, None, "unknown")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("refresh",), "no price source is configured"),
        (("set", "devnet-l1", "ETH", "cheap"), "'cheap' is not a number"),
        (("set", "devnet-l1", "ETH", "0"), "is not above zero"),
        (("set", "devnet-l1", "ETH", "NaN"), "is no price"),
        (("set", "devnet-l1", "ETH", "1", "--hours", "0"), "1 hour to 366 days"),
        (("set", "devnet-l1", "GHOST", "1"), "devnet-l1 has no token GHOST"),
        (("set", "nowhere", "ETH", "1"), "there is no network nowhere"),
    ],
)
def test_bad_input_is_one_sentence(
    network: Network, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        prices(*arguments)
    assert (refused.value.returncode, Price.objects.count()) == (2, 0)


def test_what_was_not_read_is_in_the_exit_code(server: PriceServer) -> None:
    server.raw = (500, "")
    with pytest.raises(SystemExit) as ended:
        call_command("prices", "refresh", stdout=StringIO())
    assert ended.value.code == 1


def test_prices_are_read_at_intervals_by_one_process(server: PriceServer) -> None:
    assert due() == [""]
    read_prices()
    read_prices()
    assert (len(server.asked), due()) == (1, [])
    free = Lease.objects.get(name="prices").expires_at
    assert free is not None
    assert free - timezone.now() > timedelta(seconds=290)


def test_without_a_source_nothing_is_due(network: Network) -> None:
    assert due() == []


def test_balances_are_shown_with_what_they_are_worth(
    network: Network, wallet: Wallet, server: PriceServer
) -> None:
    said = StringIO()
    call_command("wallets", "balances", "--refresh", "--json", stdout=said)
    assert json.loads(said.getvalue())[0]["usd"] is None
    prices("refresh")
    said = StringIO()
    call_command("wallets", "balances", "--json", stdout=said)
    (row,) = json.loads(said.getvalue())
    assert (row["usd"], row["price_source"]) == ("30005", "http")
