"""Nothing of a credential in an RPC URL comes out: not in errors, rows, logs or pages."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.chains import Chain
from tests.wallets.rpc_servers import Raw, RpcServer, html, refusal, serve, too_many
from wallets.chain.access import mask_url, reachable_url, secrets_of
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError, RpcUnavailable
from wallets.chain.probe import probe_endpoints, record_probe
from wallets.chain.rpc import JsonRpc
from wallets.models import Network, RpcEndpoint

USER, PASSWORD, KEY, QUERY = "operator7", "hunter%232", "k3y0123456789abcdef", "swordfish"
SECRETS = (USER, "hunter", KEY, QUERY)


@pytest.fixture
def server(chain: Chain) -> Iterator[RpcServer]:
    with serve(chain.url) as running:
        yield running


@pytest.fixture
def row(network: Network, server: RpcServer) -> RpcEndpoint:
    """The network's only endpoint, with every kind of credential in its address."""
    host = server.url.removeprefix("http://")
    url = f"http://{USER}:{PASSWORD}@{host}/v3/{KEY}?apikey={QUERY}"
    RpcEndpoint.objects.update(url=url)
    return RpcEndpoint.objects.get()


def assert_clean(*texts: object) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in str(text)


def echo(body: Any) -> Raw:
    """A provider that repeats the credentials in its refusal."""
    words = f"invalid key {KEY} of {USER}:hunter#2, see ?apikey={QUERY}"
    number = body["id"] if isinstance(body, dict) else None
    error = {"code": -32000, "message": words, "data": words}
    return Raw(json.dumps({"id": number, "error": error}).encode())


def unauthorized(_body: Any) -> Raw:
    return Raw(f"no such key: {KEY}".encode(), 401)


BEHAVIOURS = [html, unauthorized, echo, refusal(f"rate limit of {KEY}", 429), too_many("1")]


@pytest.mark.django_db
@pytest.mark.parametrize("reply", BEHAVIOURS)
def test_no_failure_tells_the_credentials(
    row: RpcEndpoint,
    server: RpcServer,
    caplog: pytest.LogCaptureFixture,
    reply: Callable[[Any], Raw],
) -> None:
    server.reply = reply
    for name in ("", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    with pytest.raises(ChainError) as raised:
        NetworkClient(row.network).read_many([("eth_gasPrice", []), ("eth_blockNumber", [])])
    sent = NetworkClient(row.network).send_raw(b"\x02raw")
    row.refresh_from_db()
    assert row.last_error
    assert_clean(raised.value, repr(raised.value), row.last_error, sent, caplog.text)
    assert_clean("".join(traceback.format_exception(raised.value)))
    assert_clean(*(record.args for record in caplog.records))


@pytest.mark.django_db
def test_no_success_tells_the_credentials(
    row: RpcEndpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="httpx")
    NetworkClient(row.network).block()
    assert "HTTP Request: POST http://127.0.0.1:" in caplog.text
    assert_clean(caplog.text, repr(JsonRpc("a", row.url)))


@pytest.mark.django_db
@pytest.mark.parametrize("reply", [echo, unauthorized, html])
def test_a_probe_tells_no_credentials(
    row: RpcEndpoint, server: RpcServer, reply: Callable[[Any], Raw]
) -> None:
    server.reply = reply
    (probe,) = probe_endpoints([(row.network, row)])
    record_probe(probe)
    row.refresh_from_db()
    assert row.last_error
    assert_clean(probe.error, row.last_error)


@pytest.mark.django_db
def test_a_variable_is_filled_in_and_never_told(
    row: RpcEndpoint, server: RpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RPC_KEY", KEY)
    RpcEndpoint.objects.update(url=server.url + "/${RPC_KEY}")
    server.reply = echo
    with pytest.raises(RpcUnavailable, match="invalid key … of") as raised:
        NetworkClient(row.network).read("eth_gasPrice", [])
    assert KEY not in str(raised.value)


@pytest.mark.django_db
def test_pages_show_the_host_only(row: RpcEndpoint, admin_client: Client) -> None:
    RpcEndpoint.objects.update(last_error="it did not answer")
    for path in ("rpcendpoint/", f"rpcendpoint/{row.pk}/change/", f"network/{row.network_id}/"):
        page = admin_client.get(f"/admin/wallets/{path}", follow=True)
        assert page.status_code == 200
        assert_clean(page.content.decode())


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://u:p@rpc.example:8545/v3/key?a=b", "https://rpc.example:8545/…"),
        ("https://rpc.example", "https://rpc.example"),
        ("https://u:pa/ss@rpc.example", "(an address that cannot be read)"),
        ("http://[::1", "(an address that cannot be read)"),
    ],
)
def test_a_masked_address(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@pytest.mark.parametrize("url", ["https://u:hunter/x@rpc.example", "http://[hunter", "hunter"])
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(RpcUnavailable) as raised:
        reachable_url(url)
    assert "hunter" not in str(raised.value)


def test_the_secret_parts_of_an_address_are_known() -> None:
    found = secrets_of(f"https://{USER}:{PASSWORD}@rpc.example/v3/{KEY}?apikey={QUERY}")
    assert {USER, PASSWORD, "hunter#2", KEY, QUERY} <= set(found)
    assert not {"v3", "rpc.example", ""} & set(found)
