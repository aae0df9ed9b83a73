"""An endpoint that fails, lags or asks for a pause is left alone for a while, not for ever."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from tests.chains import Chain
from tests.wallets.rpc_servers import RpcServer, html, prefer, refusal, serve, too_many
from wallets.chain import breaker
from wallets.chain.answers import retry_after
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.chain.order import in_order, lagging
from wallets.models import Network, RpcEndpoint

NOW = timezone.now()


@pytest.fixture
def server(chain: Chain) -> Iterator[RpcServer]:
    with serve(chain.url) as running:
        yield running


def read(network: Network, times: int = 1) -> None:
    for _ in range(times):
        assert NetworkClient(network).read("eth_gasPrice", [])


def alone(network: Network, server: RpcServer, **fields: object) -> RpcEndpoint:
    """The server as the network's only endpoint."""
    RpcEndpoint.objects.all().delete()
    return prefer(network, server, **fields)


@pytest.mark.parametrize(
    ("errors", "seconds"), [(0, None), (2, None), (3, 2), (4, 4), (5, 8), (10, 256), (99, 300)]
)
def test_the_pause_grows_to_five_minutes(errors: int, seconds: int | None) -> None:
    pause = breaker.pause_after(errors)
    assert pause == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.django_db
def test_three_errors_in_a_row_open_the_breaker(network: Network, server: RpcServer) -> None:
    row = prefer(network, server)
    server.reply = html
    read(network, times=5)
    assert len(server.bodies) == breaker.OPENS_AFTER
    row.refresh_from_db()
    assert row.open_until
    assert row.consecutive_errors == breaker.OPENS_AFTER


@pytest.mark.django_db
def test_an_answer_in_between_starts_the_count_anew(network: Network, server: RpcServer) -> None:
    row = prefer(network, server)
    for _ in range(2):
        server.reply = html
        read(network, times=2)
        server.reply = lambda _body: None
        read(network)
    row.refresh_from_db()
    assert (row.consecutive_errors, row.open_until, row.last_error) == (0, None, "")


@pytest.mark.django_db
def test_after_the_pause_one_answer_closes_it(network: Network, server: RpcServer) -> None:
    row = prefer(network, server, consecutive_errors=3, open_until=timezone.now())
    read(network)
    assert len(server.bodies) == 1
    row.refresh_from_db()
    assert (row.consecutive_errors, row.open_until) == (0, None)


@pytest.mark.django_db
def test_after_the_pause_one_error_makes_it_longer(network: Network, server: RpcServer) -> None:
    row = prefer(network, server, consecutive_errors=5, open_until=timezone.now())
    server.reply = html
    read(network, times=2)
    assert len(server.bodies) == 1
    row.refresh_from_db()
    assert row.open_until
    assert row.open_until - timezone.now() > timedelta(seconds=14)


@pytest.mark.django_db
def test_a_half_open_endpoint_that_hangs_costs_two_seconds(
    network: Network, server: RpcServer
) -> None:
    prefer(network, server, consecutive_errors=3, open_until=timezone.now())
    server.reply = server.hang
    started = time.monotonic()
    read(network)
    assert time.monotonic() - started < 3


@pytest.mark.django_db
def test_only_one_process_tries_a_half_open_endpoint(network: Network, server: RpcServer) -> None:
    prefer(network, server, consecutive_errors=3, open_until=timezone.now())
    first, second = (RpcEndpoint.objects.get(name="bad") for _ in range(2))
    assert breaker.claim_trial(first)
    assert not breaker.claim_trial(second)


@pytest.mark.django_db
def test_when_all_are_open_the_first_to_close_is_tried(network: Network, server: RpcServer) -> None:
    soon, late = (timezone.now() + timedelta(seconds=seconds) for seconds in (50, 90))
    RpcEndpoint.objects.update(consecutive_errors=9, open_until=late, url="http://127.0.0.1:9")
    prefer(network, server, consecutive_errors=9, open_until=soon)
    read(network)
    assert len(server.bodies) == 1


@pytest.mark.django_db
def test_retry_after_is_kept_and_the_others_are_asked(network: Network, server: RpcServer) -> None:
    row = prefer(network, server)
    server.reply = too_many("30")
    read(network, times=3)
    assert len(server.bodies) == 1
    row.refresh_from_db()
    assert row.open_until
    assert timedelta(seconds=25) < row.open_until - timezone.now() <= timedelta(seconds=30)
    assert (row.consecutive_errors, row.last_error[:16]) == (0, "bad answered HTT")


@pytest.mark.django_db
def test_retry_after_is_kept_even_with_nobody_else(network: Network, server: RpcServer) -> None:
    alone(network, server)
    server.reply = too_many("30")
    for _ in range(3):
        with pytest.raises(RpcUnavailable, match="HTTP 429"):
            read(network)
    assert len(server.bodies) == 1


@pytest.mark.django_db
def test_a_short_retry_after_is_waited_for(network: Network, server: RpcServer) -> None:
    alone(network, server, open_until=timezone.now() + timedelta(seconds=0.5))
    started = time.monotonic()
    read(network)
    assert 0.3 < time.monotonic() - started < 2


@pytest.mark.django_db
def test_a_rate_limit_inside_the_answer_is_one_too(network: Network, server: RpcServer) -> None:
    row = prefer(network, server)
    server.reply = refusal("Your app has exceeded its compute units per second capacity.", 429)
    read(network, times=2)
    row.refresh_from_db()
    assert (len(server.bodies), row.consecutive_errors) == (1, 0)
    assert "limits the rate" in row.last_error


def test_retry_after_may_be_a_date() -> None:
    in_a_minute = format_datetime(timezone.now() + timedelta(minutes=1))
    assert 55 < (retry_after(in_a_minute) or 0) <= 60
    assert (retry_after("7"), retry_after(""), retry_after("soon")) == (7, None, None)


def seen(pk: int, head: int | None, ago: float = 0, **fields: object) -> RpcEndpoint:
    """An endpoint whose newest block was seen so many seconds ago."""
    at: datetime | None = None if head is None else NOW - timedelta(seconds=ago)
    return RpcEndpoint(pk=pk, name=f"e{pk}", head_block=head, head_block_at=at, **fields)


@pytest.mark.parametrize(
    ("rows", "behind"),
    [
        ([seen(1, 100), seen(2, 100)], set()),
        ([seen(1, 100), seen(2, 98)], set()),
        ([seen(1, 100), seen(2, 97)], {2}),
        # Seen a minute earlier, five blocks of 12 s less are just right.
        ([seen(1, 100), seen(2, 95, ago=60)], set()),
        ([seen(1, 100), seen(2, 90, ago=60)], {2}),
        # The higher was seen a minute ago: the lower should be above it by now.
        ([seen(1, 100, ago=60), seen(2, 100)], {2}),
        ([seen(1, 100), seen(2, 1, ago=121)], set()),
        ([seen(1, 100), seen(2, None)], set()),
        ([seen(1, 1)], set()),
    ],
)
def test_who_is_clearly_behind(rows: list[RpcEndpoint], behind: set[int]) -> None:
    assert lagging(rows, NOW, 12) == behind


def test_on_a_fast_chain_many_blocks_are_no_lag() -> None:
    assert lagging([seen(1, 1000), seen(2, 900)], NOW, 0.25) == set()
    assert lagging([seen(1, 1000), seen(2, 800)], NOW, 0.25) == {2}


def test_the_order_is_closed_then_abreast_then_weight_then_speed() -> None:
    rows = [
        seen(1, 100, weight=900, open_until=NOW + timedelta(seconds=1)),
        seen(2, 50, weight=800),
        seen(3, 100, weight=100, latency_ms=20),
        seen(4, 100, weight=100, latency_ms=10),
        seen(5, 100, weight=100),
        seen(6, 100, weight=200, latency_ms=900),
    ]
    assert [row.pk for row in in_order(rows, NOW, 12)] == [6, 4, 3, 5, 2, 1]


@pytest.mark.django_db
def test_who_lags_is_asked_last(network: Network, server: RpcServer) -> None:
    now = timezone.now()
    RpcEndpoint.objects.update(head_block=500, head_block_at=now)
    prefer(network, server, head_block=100, head_block_at=now)
    read(network)
    assert server.calls == []
