"""Nothing of a credential in an RPC URL comes out: not in errors, rows, logs or pages."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client

from tests.chains import Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.rpc_servers import Raw, RpcServer, html, refusal, serve, too_many
from wallets.chain.access import reachable_url
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError, RpcUnavailable
from wallets.chain.masking import looks_secret, mask_url, secrets_of
from wallets.chain.probe import probe_endpoints, record_probe
from wallets.chain.rpc import JsonRpc
from wallets.models import Network, RpcEndpoint, Wallet
from wallets.transactions.broadcast import send_attempt
from wallets.transactions.operator import resend_transaction

LABEL = "k3y9f8e7d6c5b4a3920"
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
        ("http://[::1]:8545/x", "http://::1:8545/…"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        (f"https://{LABEL}.rpc.example:8545/", "https://….rpc.example:8545"),
        (f"https://eth.{LABEL.upper()}.example", "https://eth.….example"),
        ("https://wild-silent-sun.quiknode.pro/abc", "https://….quiknode.pro/…"),
        ("https://${key}.quiknode.pro/${token}", "https://${key}.quiknode.pro/…"),
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
    found = secrets_of(f"https://{USER}:{PASSWORD}@{LABEL}.rpc.example/v3/{KEY}?apikey={QUERY}")
    assert {USER, PASSWORD, "hunter#2", KEY, QUERY, LABEL} <= set(found)
    assert not {"v3", "rpc.example", ""} & set(found)


@pytest.mark.parametrize(
    "label",
    [
        LABEL,
        "123e4567-e89b-12d3-a456-426614174000",
        "deadbeefcafe0123",
        "qzvhxkwjpfmtlgbd",
        "averylonglabelwithoutanybreak",
        "2q9wjULvSSwbnHpSR2mYH6",
        "abcd-1234-efgh-5678-ijkl-9012",
    ],
)
def test_what_looks_like_a_key(label: str) -> None:
    assert looks_secret(label)


@pytest.mark.parametrize(
    "host",
    [
        "mainnet.infura.io",
        "eth-mainnet.g.alchemy.com",
        "ethereum-mainnet.core.chainstack.com",
        "arbitrum-sepolia.infura.io",
        "polygon-zkevm-cardona.blockpi.network",
        "ethereum-rpc.publicnode.com",
        "rpc.ankr.com",
        "lb.drpc.org",
        "arb1.arbitrum.io",
        "sepolia-rollup.arbitrum.io",
        "mainnet.era.zksync.io",
        "api.hyperliquid-testnet.xyz",
        "ec2-54-12-33-1.compute-1.amazonaws.com",
        "geth-node-03.internal",
    ],
)
def test_what_reads_like_words_is_shown(host: str) -> None:
    assert mask_url(f"https://{host}") == f"https://{host}"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["brook", LABEL])
def test_a_key_in_the_host_comes_out_nowhere(
    network: Network,
    wallet: Wallet,
    other_wallet: Wallet,
    admin_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    key: str,
) -> None:
    """A short one is known as the value of a variable, a long one by its looks."""
    monkeypatch.setenv("HOST_KEY", key)
    host = "${HOST_KEY}.quiknode.pro" if key == "brook" else f"{key}.rpc.example"
    row = ticked(transfer(wallet, network, other_wallet.address))
    RpcEndpoint.objects.update(url=f"https://{host}/x")
    resend_transaction(transaction_id=row.pk, actor="test")
    client = NetworkClient(network)
    with pytest.raises(RpcUnavailable, match=r"…\..* is not on this machine") as raised:
        client.read("eth_gasPrice", [])
    send_attempt(row.attempts.get(), client)
    endpoint = RpcEndpoint.objects.get()
    assert (endpoint.last_error, row.attempts.get().last_answer) != ("", "")
    call_command("tx", "show", str(row.pk))
    with suppress(SystemExit):
        call_command("health")
    paths = ["wallets/rpcendpoint/", f"wallets/rpcendpoint/{endpoint.pk}/change/"]
    paths += [f"wallets/network/{network.pk}/change/", f"wallets/transaction/{row.pk}/change/"]
    pages = [admin_client.get(f"/admin/{path}", follow=True) for path in paths]
    pages += [admin_client.get("/health"), admin_client.get("/metrics")]
    shown = [page.content.decode() for page in pages]
    trace = "".join(traceback.format_exception(raised.value))
    for text in (*shown, trace, caplog.text, endpoint.last_error, *capsys.readouterr()):
        assert f"{key}." not in text
    assert any("is not on this machine" in text for text in shown)


@pytest.mark.django_db
def test_a_change_of_an_address_leaves_no_address_in_the_history(
    row: RpcEndpoint, admin_client: Client
) -> None:
    page = f"/admin/wallets/rpcendpoint/{row.pk}/change/"
    typed = {
        "network": row.network_id,
        "name": row.name,
        "weight": 100,
        "requests_per_second": 0,
        "url": f"https://{LABEL}.rpc.example/{KEY}",
    }
    refused = admin_client.post(page, typed)
    assert b"carries a credential" in refused.content
    admin_client.post(page, {**typed, "url": "https://${HOST_KEY}.rpc.example/${KEY}"})
    assert RpcEndpoint.objects.get().url == "https://${HOST_KEY}.rpc.example/${KEY}"
    told = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert len(told) == 1
    assert "rpc.example" not in told[0]
    assert_clean(*told)
