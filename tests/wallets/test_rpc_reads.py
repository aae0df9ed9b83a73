"""A read comes from the best endpoint that answers, and ends in time whatever they do."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.chains import Chain
from tests.wallets.rpc_servers import (
    Raw,
    RpcServer,
    add_endpoint,
    answering,
    html,
    prefer,
    refusal,
    refusing,
    serve,
)
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcError, RpcUnavailable
from wallets.chain.values import hex_bytes, hex_int, parse_block
from wallets.models import Network, RpcEndpoint

pytestmark = [pytest.mark.django_db]
BLOCK_NUMBER: tuple[str, list[Any]] = ("eth_blockNumber", [])
GAS_PRICE: tuple[str, list[Any]] = ("eth_gasPrice", [])


@pytest.fixture
def server(chain: Chain) -> Iterator[RpcServer]:
    with serve(chain.url) as running:
        yield running


def test_the_heavier_endpoint_is_asked(network: Network, server: RpcServer) -> None:
    prefer(network, server, weight=101)
    NetworkClient(network).read(*BLOCK_NUMBER)
    assert server.calls == ["eth_chainId", "eth_blockNumber"]


def test_the_lighter_endpoint_is_left_in_peace(network: Network, server: RpcServer) -> None:
    prefer(network, server, weight=99)
    NetworkClient(network).read(*BLOCK_NUMBER)
    assert server.calls == []


def test_only_read_endpoints_are_read_from(network: Network, server: RpcServer) -> None:
    prefer(network, server, can_read=False)
    NetworkClient(network).read(*BLOCK_NUMBER)
    assert server.calls == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (html, "not JSON-RPC"),
        (lambda _body: Raw(b""), "not JSON-RPC"),
        (lambda _body: Raw(b"[" * 100_000), "not JSON-RPC"),
        (lambda _body: Raw(b'"pong"'), "not JSON-RPC"),
        (lambda _body: Raw(b"[]"), "unanswered"),
        (lambda _body: Raw(b"[null, 7]"), "unanswered"),
        (lambda _body: Raw(b"{}", 500), "HTTP 500"),
        (lambda _body: Raw(b"{}", 403), "HTTP 403"),
        (lambda _body: Raw(b"", 302, {"Location": "https://elsewhere.example"}), "HTTP 302"),
        (refusal("invalid project id"), "refused the batch: invalid project id"),
        (refusal("no backends available for method", -32011), "cannot tell"),
    ],
)
def test_rubbish_is_no_answer_and_the_next_is_asked(
    network: Network, server: RpcServer, reply: Callable[[Any], Raw], words: str
) -> None:
    row = prefer(network, server)
    server.reply = reply
    assert len(NetworkClient(network).read_many([BLOCK_NUMBER, GAS_PRICE])) == 2
    row.refresh_from_db()
    assert words in row.last_error
    assert row.consecutive_errors == 1


def test_a_batch_with_a_hole_is_no_answer(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    server.tamper = lambda asked, answer: None if asked["method"] == "eth_gasPrice" else answer
    results = NetworkClient(network).read_many([BLOCK_NUMBER, GAS_PRICE])
    assert all(hex_int(result) >= 0 for result in results)


def test_answers_in_another_order_find_their_questions(
    network: Network, server: RpcServer, chain: Chain
) -> None:
    prefer(network, server)

    def reversed_order(body: Any) -> Raw:
        results = {"eth_chainId": "0x7a69", "a": "0xa", "b": "0xb"}
        items = [{"id": item["id"], "result": results[item["method"]]} for item in body]
        return Raw(json.dumps(items[::-1]).encode())

    server.reply = reversed_order
    assert NetworkClient(network).read_many([("a", []), ("b", [])]) == ["0xa", "0xb"]


@pytest.mark.parametrize("words", ["header not found", "missing trie node ab (path )"])
def test_a_node_that_lags_is_not_the_last_word(
    network: Network, server: RpcServer, words: str
) -> None:
    prefer(network, server)
    server.tamper = refusing("eth_gasPrice", words)
    assert hex_int(NetworkClient(network).read(*GAS_PRICE))


def test_a_refusal_stays_in_its_place(network: Network, chain: Chain) -> None:
    unknown, number = NetworkClient(network).read_many([("eth_nothing", []), BLOCK_NUMBER])
    assert isinstance(unknown, RpcError)
    assert hex_int(number) >= 0


def test_a_contract_that_speaks_of_a_rate_limit_only_reverts(
    network: Network, server: RpcServer
) -> None:
    prefer(network, server)
    server.tamper = refusing("eth_call", "execution reverted: rate limit exceeded", 3)
    with pytest.raises(RpcError, match="rate limit exceeded"):
        NetworkClient(network).read("eth_call", [{}, "latest"])


def test_one_refused_http_status_may_carry_the_nodes_own_words(
    network: Network, server: RpcServer
) -> None:
    prefer(network, server)
    NetworkClient(network).read(*BLOCK_NUMBER)
    body = refusal("out of gas")
    server.reply = lambda asked: Raw(body(asked).body, 400)
    with pytest.raises(RpcError, match="out of gas"):
        NetworkClient(network).read("eth_estimateGas", [{}])


def test_nobody_answers_and_all_reasons_are_told(network: Network, server: RpcServer) -> None:
    RpcEndpoint.objects.update(url="http://127.0.0.1:9")
    prefer(network, server)
    server.reply = html
    with pytest.raises(RpcUnavailable, match=r"bad answered .* JSON-RPC; anvil did not answer"):
        NetworkClient(network).read(*BLOCK_NUMBER)


def test_a_network_without_endpoints_says_so(network: Network) -> None:
    RpcEndpoint.objects.update(enabled=False)
    with pytest.raises(RpcUnavailable, match="Devnet L1 has no read endpoint"):
        NetworkClient(network).read(*BLOCK_NUMBER)


def test_an_endpoint_that_is_not_set_up_stops_nobody(network: Network) -> None:
    row = add_endpoint(network, "unset", "http://127.0.0.1/${NOT_SET_ANYWHERE}", weight=300)
    add_endpoint(network, "far", "https://rpc.example", weight=300)
    add_endpoint(network, "nonsense", "http://[::1/${x", weight=300)
    assert hex_int(NetworkClient(network).read(*BLOCK_NUMBER)) >= 0
    row.refresh_from_db()
    assert "needs NOT_SET_ANYWHERE, which is not in the environment" in row.last_error


def test_the_wrong_chain_is_put_aside_and_the_others_are_asked(
    network: Network, server: RpcServer, chain: Chain
) -> None:
    row = prefer(network, server)
    server.tamper = lambda asked, answer: {
        **answer,
        "result": {"eth_chainId": "0x1"}.get(asked["method"], "0xbad"),
    }
    assert NetworkClient(network).read(*BLOCK_NUMBER) != "0xbad"
    NetworkClient(network).read(*BLOCK_NUMBER)
    assert len(server.bodies) == 1
    row.refresh_from_db()
    assert row.last_error.startswith("bad is chain 1, not 31337 (Devnet L1); correct or disable")


def test_only_wrong_chains_are_no_chain(network: Network, server: RpcServer) -> None:
    RpcEndpoint.objects.update(enabled=False)
    prefer(network, server)
    server.tamper = answering("eth_chainId", "0x1")
    with pytest.raises(RpcUnavailable, match="bad is chain 1, not 31337"):
        NetworkClient(network).read(*BLOCK_NUMBER)


def test_the_chain_is_checked_again_after_a_failure(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    client = NetworkClient(network)
    client.read(*BLOCK_NUMBER)
    client.read(*BLOCK_NUMBER)
    assert server.calls.count("eth_chainId") == 1
    server.reply = html
    client.read(*BLOCK_NUMBER)
    server.reply = lambda _body: None
    client.read(*BLOCK_NUMBER)
    assert server.calls[-2:] == ["eth_chainId", "eth_blockNumber"]


@pytest.mark.parametrize(
    "refused",
    [
        lambda _body: Raw(b"too large", 413),
        refusal("batch too large", -32600),
        refusal("Number of requests exceeds max batch size", -32005),
    ],
)
def test_a_batch_that_is_too_large_is_split(
    network: Network, server: RpcServer, refused: Callable[[Any], Raw]
) -> None:
    RpcEndpoint.objects.update(enabled=False)
    prefer(network, server)
    server.reply = lambda body: refused(body) if isinstance(body, list) and len(body) > 3 else None
    results = NetworkClient(network).read_many([BLOCK_NUMBER] * 10)
    assert len(results) == 10
    refusals = [body for body in server.bodies if len(body) > 3]
    NetworkClient(network).read_many([BLOCK_NUMBER] * 10)
    assert [body for body in server.bodies if len(body) > 3] == refusals


def test_an_endpoint_that_takes_no_batches_at_all_still_serves(
    network: Network, server: RpcServer
) -> None:
    RpcEndpoint.objects.update(enabled=False)
    prefer(network, server)
    refused = refusal("batch requests are not supported")
    server.reply = lambda body: refused(body) if isinstance(body, list) else None
    assert len(NetworkClient(network).read_many([BLOCK_NUMBER] * 5)) == 5


def test_a_hundred_calls_are_one_request(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    client = NetworkClient(network)
    client.read(*BLOCK_NUMBER)
    client.read_many([BLOCK_NUMBER] * 250)
    assert [len(body) for body in server.bodies[1:]] == [100, 100, 50]


def test_no_question_is_no_request(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    assert NetworkClient(network).read_many([]) == []
    assert server.bodies == []


def test_a_pool_that_hangs_and_drips_ends_in_ten_seconds(
    network: Network, server: RpcServer, chain: Chain
) -> None:
    prefer(network, server)
    server.reply = server.hang
    with serve(chain.url) as dripping:
        drip = Raw(b'{"jsonrpc": "2.0", "id": 1, "result": "0x1"}' * 50, headers={"X-Drip": "1"})
        dripping.reply = lambda _body: drip
        RpcEndpoint.objects.filter(name="anvil").update(url=dripping.url)
        started = time.monotonic()
        with pytest.raises(RpcUnavailable, match=r"bad did not answer within 5\.0 s; anvil"):
            NetworkClient(network).read(*BLOCK_NUMBER)
    assert time.monotonic() - started < 11


def test_a_hanging_endpoint_costs_its_share_only(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    server.reply = server.hang
    started = time.monotonic()
    assert hex_int(NetworkClient(network).read(*BLOCK_NUMBER)) >= 0
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("text", [None, "", "0x", "10", "-0x1", "0xzz", 7, True, {}, "0x1 "])
def test_what_is_no_quantity_is_unknown(text: object) -> None:
    with pytest.raises(RpcUnavailable, match="where a quantity was asked"):
        hex_int(text)


@pytest.mark.parametrize("text", [None, "", "ab", "0xa", "0xzz", 7])
def test_what_is_no_data_is_unknown(text: object) -> None:
    with pytest.raises(RpcUnavailable, match="where data was asked"):
        hex_bytes(text)


@pytest.mark.parametrize("found", [{}, {"number": "0x1"}, [], "0x1", None])
def test_what_is_no_block_is_unknown(found: Any) -> None:
    with pytest.raises(RpcUnavailable):
        parse_block(found)
