"""An endpoint is asked no more often than its row says, by all processes together."""

import os
import time
import traceback
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.chains import Chain
from tests.wallets.rpc_servers import RpcServer, prefer, serve
from wallets.chain import rates
from wallets.chain.client import NetworkClient
from wallets.chain.errors import SendAnswer
from wallets.chain.probe import probe_endpoints
from wallets.chain.rates import Bucket
from wallets.clusters import CLUSTER_VARIABLE, STALE_AFTER, announce, live_workers
from wallets.models import Network, RpcEndpoint, WorkerCluster

SEND = "eth_sendRawTransaction"
RAW = b"\x02no transaction at all"


@pytest.fixture(autouse=True)
def _nothing_asked_yet() -> Iterator[None]:
    rates.forget()
    yield
    rates.forget()


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


def cluster(workers: int, **fields: Any) -> WorkerCluster:
    """A cluster that has just been heard of."""
    now = timezone.now()
    facts = {"id": uuid.uuid4(), "pid": 1, "started_at": now, "beat_at": now, **fields}
    return WorkerCluster.objects.create(host="here", workers=workers, **facts)


@pytest.mark.django_db
def test_at_its_own_limit_the_next_endpoint_is_asked(network: Network, server: RpcServer) -> None:
    prefer(network, server, requests_per_second=1)
    read(network, times=3)
    assert server.calls.count("eth_gasPrice") == 1


@pytest.mark.django_db
def test_at_its_own_limit_the_only_endpoint_is_waited_for(
    network: Network, server: RpcServer
) -> None:
    alone(network, server, requests_per_second=2)
    started = time.monotonic()
    read(network, times=4)
    assert 0.9 < time.monotonic() - started < 3


def test_a_bucket_counts_each_call_of_a_batch() -> None:
    bucket = Bucket(per_second=10)
    assert bucket.wait() == 0
    bucket.take(30)
    assert 1.9 < bucket.wait() <= 2.1


def test_what_would_have_to_wait_too_long_is_not_counted() -> None:
    bucket = Bucket(per_second=1)
    assert bucket.take(3, within=1) == 0
    assert bucket.take(1, within=1) is None
    assert bucket.wait() < 3.01


def test_a_share_of_less_than_one_call_a_second_still_comes_to_a_call() -> None:
    bucket = Bucket(per_second=0.25)
    assert bucket.take(1) == 0
    assert 3.9 < bucket.wait() <= 4


@pytest.mark.django_db
def test_the_question_for_the_chain_counts_too(network: Network, server: RpcServer) -> None:
    row = alone(network, server, requests_per_second=1)
    read(network)
    assert server.calls == ["eth_chainId", "eth_gasPrice"]
    # One call alone would keep the next from leaving for a second at most.
    assert rates.wait_for(row) > 1


@pytest.mark.django_db
def test_so_do_the_questions_of_a_health_check(network: Network, server: RpcServer) -> None:
    row = alone(network, server, requests_per_second=2)
    probe_endpoints([(network, row)])
    assert rates.wait_for(row) > 0


@pytest.mark.django_db
def test_bytes_wait_for_their_turn(network: Network, server: RpcServer) -> None:
    alone(network, server, requests_per_second=2)
    client, started = NetworkClient(network), time.monotonic()
    for _ in range(4):
        client.send_raw(RAW)
    assert server.calls == ["eth_chainId", *4 * [SEND]]
    assert 0.9 < time.monotonic() - started < 4


@pytest.mark.django_db
def test_bytes_that_would_wait_too_long_are_not_sent_there(
    network: Network, server: RpcServer
) -> None:
    row = alone(network, server, requests_per_second=1)
    rates.count(row, 10)
    sent = NetworkClient(network).send_raw(RAW)
    assert (sent.answer, sent.answers[0].answer) == 2 * (SendAnswer.RATE_LIMITED,)
    assert sent.text == "bad: at its limit of 1 calls per second"
    assert (server.calls, sent.unanimously_invalid) == ([], False)
    row.refresh_from_db()
    assert (row.consecutive_errors, row.open_until) == (0, None)


@pytest.mark.django_db
def test_an_endpoint_that_is_made_to_wait_holds_up_no_other_and_is_not_blamed(
    network: Network, server: RpcServer
) -> None:
    row = prefer(network, server, requests_per_second=1)
    rates.count(row, 3)
    client, started = NetworkClient(network), time.monotonic()
    raw = bytes.fromhex("02c0")
    assert client.send_raw(raw).answers[1].endpoint == "anvil"
    assert time.monotonic() - started < 7
    row.refresh_from_db()
    assert row.consecutive_errors == 0


@pytest.mark.django_db
def test_the_living_workers_share_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = timezone.now() - STALE_AFTER - timedelta(seconds=1)
    cluster(2)
    cluster(3, beat_at=None)
    cluster(10, fenced_at=timezone.now())
    cluster(20, beat_at=long_ago)
    cluster(40, beat_at=None, started_at=long_ago)
    assert live_workers() == 5
    assert rates.processes() == 6
    rates.forget()
    monkeypatch.setenv(CLUSTER_VARIABLE, "one of them")
    assert rates.processes() == 5


@pytest.mark.django_db
def test_a_cluster_says_how_many_workers_it_has(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CLUSTER_VARIABLE, "")
    settings.WORKERS = 7
    announce()
    assert live_workers() == 7


@pytest.mark.django_db
def test_who_is_alive_is_looked_up_once_in_a_while_and_only_for_a_limit(
    network: Network, server: RpcServer, django_assert_max_num_queries: Any
) -> None:
    read(network)
    assert rates._counted[1] == 1
    alone(network, server, requests_per_second=100)
    read(network)
    client = NetworkClient(network)
    with django_assert_max_num_queries(0):
        for _ in range(5):
            client.read("eth_gasPrice", [])


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_rate_holds_for_four_processes_together(network: Network, server: RpcServer) -> None:
    alone(network, server, requests_per_second=20)
    clusters = [cluster(2), cluster(2)]
    connection.close()
    seconds = 3.0
    children = [_asks_for(seconds, network, clusters[number % 2].pk) for number in range(4)]
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    # What was saved up for a burst, and then the rate.
    assert 20 <= len(server.calls) <= 20 * (1 + seconds) + 4


def _asks_for(seconds: float, network: Network, cluster_id: uuid.UUID) -> int:
    """A worker process that asks as often as it may; its id."""
    child = os.fork()
    if child:
        return child
    failed = True
    try:
        os.environ[CLUSTER_VARIABLE] = str(cluster_id)
        client, ends_at = NetworkClient(network), time.monotonic() + seconds
        while time.monotonic() < ends_at:
            client.read("eth_gasPrice", [])
        failed = False
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(int(failed))
