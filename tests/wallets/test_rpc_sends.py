"""Signed bytes go to every send endpoint; one success is success, silence is ambiguous."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from eth_account import Account

from tests.chains import ETHER, Chain
from tests.wallets.rpc_servers import (
    RpcServer,
    add_endpoint,
    answering,
    html,
    prefer,
    refusing,
    serve,
    too_many,
)
from wallets.chain.client import NetworkClient, Sent
from wallets.chain.errors import SendAnswer
from wallets.chain.sending import Reply, strongest_of
from wallets.models import Network, RpcEndpoint

pytestmark = [pytest.mark.django_db]
SEND = "eth_sendRawTransaction"


@pytest.fixture
def server(chain: Chain) -> Iterator[RpcServer]:
    with serve(chain.url) as running:
        yield running


@pytest.fixture
def raw(chain: Chain) -> bytes:
    """A signed transfer that the chain takes."""
    account = Account.create()
    chain.fund(account.address, ETHER)
    fields = {"to": account.address, "value": 1, "nonce": 0, "gas": 21_000, "chainId": 31337}
    # A snapshot does not bring back the base fee that a test before may have raised.
    fees = {"maxFeePerGas": 10**13, "maxPriorityFeePerGas": 10**9}
    return bytes(account.sign_transaction({**fields, **fees}).raw_transaction)


def answers(sent: Sent) -> dict[str, SendAnswer]:
    return {reply.endpoint: reply.answer for reply in sent.answers}


def test_every_send_endpoint_gets_the_bytes_once(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    prefer(network, server)
    sent = NetworkClient(network).send_raw(raw)
    assert sent.accepted
    assert set(answers(sent).values()) == {SendAnswer.ACCEPTED, SendAnswer.KNOWN}
    assert server.calls == ["eth_chainId", SEND]


def test_sent_again_they_are_known(network: Network, raw: bytes) -> None:
    client = NetworkClient(network)
    assert client.send_raw(raw).answer == SendAnswer.ACCEPTED
    again = client.send_raw(raw)
    assert (again.answer, again.accepted) == (SendAnswer.KNOWN, True)
    assert "already imported" in again.text


def test_an_endpoint_that_only_reads_gets_none(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    prefer(network, server, can_send=False)
    NetworkClient(network).send_raw(raw)
    assert server.calls == []


def test_a_hanging_endpoint_delays_no_other(
    network: Network, server: RpcServer, raw: bytes, chain: Chain
) -> None:
    prefer(network, server)
    server.reply = server.hang
    started = time.monotonic()
    sent = NetworkClient(network).send_raw(raw)
    assert time.monotonic() - started < 2
    assert answers(sent) == {"bad": SendAnswer.AMBIGUOUS, "anvil": SendAnswer.ACCEPTED}
    assert sent.accepted


def test_a_refusal_is_never_stronger_than_a_success(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    prefer(network, server)
    server.tamper = refusing(SEND, "nonce too low")
    sent = NetworkClient(network).send_raw(raw)
    assert sent.answer == SendAnswer.ACCEPTED
    assert sent.answers[0] == ("bad", "nonce_too_low", "bad: nonce too low (code -32000)")


def test_silence_is_stronger_than_a_refusal(
    network: Network, server: RpcServer, raw: bytes, chain: Chain
) -> None:
    prefer(network, server)
    server.tamper = refusing(SEND, "insufficient funds for gas * price + value")
    with serve(chain.url) as mute:
        # It takes the question for its chain, and then the bytes, without a word.
        mute.reply = lambda body: html(body) if body["method"] == SEND else None
        RpcEndpoint.objects.filter(name="anvil").update(url=mute.url)
        sent = NetworkClient(network).send_raw(raw)
    assert answers(sent) == {"bad": SendAnswer.FUNDS, "anvil": SendAnswer.AMBIGUOUS}
    assert sent.answer == SendAnswer.AMBIGUOUS


def test_an_endpoint_nobody_reaches_hides_no_refusal(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    prefer(network, server)
    server.tamper = refusing(SEND, "insufficient funds for gas * price + value")
    RpcEndpoint.objects.filter(name="anvil").update(url="http://127.0.0.1:9")
    sent = NetworkClient(network).send_raw(raw)
    assert answers(sent) == {"bad": SendAnswer.FUNDS, "anvil": SendAnswer.NOT_SENT}
    assert sent.answer == SendAnswer.FUNDS


def test_no_byte_goes_to_the_wrong_chain(network: Network, server: RpcServer, raw: bytes) -> None:
    RpcEndpoint.objects.update(enabled=False)
    prefer(network, server)
    server.tamper = answering("eth_chainId", "0x1")
    sent = NetworkClient(network).send_raw(raw)
    assert (sent.answer, sent.accepted) == (SendAnswer.NOT_SENT, False)
    assert server.calls == ["eth_chainId"]
    assert "bad is chain 1, not 31337" in sent.text


def test_another_hash_than_the_bytes_have_is_no_success(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    RpcEndpoint.objects.update(enabled=False)
    prefer(network, server)
    server.tamper = answering(SEND, "0x" + "ab" * 32)
    assert NetworkClient(network).send_raw(raw).answer == SendAnswer.AMBIGUOUS


def test_a_failing_endpoint_is_left_alone_when_sending_too(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    until = timezone.now() + timedelta(minutes=1)
    prefer(network, server, consecutive_errors=3, open_until=until, last_error="it was down")
    sent = NetworkClient(network).send_raw(raw)
    assert server.calls == []
    assert answers(sent) == {"bad": SendAnswer.NOT_SENT, "anvil": SendAnswer.ACCEPTED}
    assert "it was down" in sent.answers[0].text


def test_when_all_fail_all_are_tried(network: Network, raw: bytes) -> None:
    until = timezone.now() + timedelta(minutes=1)
    RpcEndpoint.objects.update(consecutive_errors=3, open_until=until)
    assert NetworkClient(network).send_raw(raw).accepted


def test_a_rate_limit_keeps_the_next_bytes_back(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    RpcEndpoint.objects.update(enabled=False)
    prefer(network, server)
    server.reply = too_many("30")
    for _ in range(2):
        assert NetworkClient(network).send_raw(raw).answer == SendAnswer.RATE_LIMITED
    assert len(server.bodies) == 1


def test_private_endpoints_get_bytes_only_when_asked_for(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    prefer(network, server, is_private=True)
    client = NetworkClient(network)
    assert answers(client.send_raw(raw)) == {"anvil": SendAnswer.ACCEPTED}
    assert answers(client.send_raw(raw, private_only=True)) == {"bad": SendAnswer.KNOWN}


def test_what_is_private_never_leaves_through_a_public_endpoint(
    network: Network, raw: bytes, chain: Chain
) -> None:
    sent = NetworkClient(network).send_raw(raw, private_only=True)
    assert (sent.answer, sent.answers) == (SendAnswer.NOT_SENT, ())
    assert sent.text == "Devnet L1 has no private send endpoint; add one"


def test_where_all_are_private_they_are_all_there_is(network: Network, raw: bytes) -> None:
    RpcEndpoint.objects.update(is_private=True)
    assert NetworkClient(network).send_raw(raw).accepted


def test_ten_endpoints_are_asked_side_by_side(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    server.reply = server.hang
    for number in range(10):
        add_endpoint(network, f"hangs-{number}", server.url)
    started = time.monotonic()
    assert NetworkClient(network).send_raw(raw).accepted
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("other", [one for one in SendAnswer if one != SendAnswer.INVALID])
def test_invalid_stands_only_if_everybody_says_so(other: SendAnswer) -> None:
    replies = (Reply("a", SendAnswer.INVALID, ""), Reply("b", other, ""))
    assert strongest_of(replies).endpoint == "b"
    assert strongest_of(replies[::-1]).endpoint == "b"
    assert not Sent(other, "", replies).unanimously_invalid


def test_an_endpoint_left_alone_or_out_of_reach_keeps_bytes_from_being_invalid(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    until = timezone.now() + timedelta(minutes=1)
    RpcEndpoint.objects.filter(name="anvil").update(url="http://127.0.0.1:9")
    add_endpoint(network, "rests", server.url, open_until=until)
    add_endpoint(network, "left", server.url, open_until=until, consecutive_errors=3)
    prefer(network, server)
    server.tamper = refusing(SEND, "intrinsic gas too low")
    sent = NetworkClient(network).send_raw(raw)
    assert answers(sent) == {
        "bad": SendAnswer.INVALID,
        "anvil": SendAnswer.NOT_SENT,
        "left": SendAnswer.NOT_SENT,
        "rests": SendAnswer.RATE_LIMITED,
    }
    assert (sent.answer, sent.unanimously_invalid) == (SendAnswer.RATE_LIMITED, False)


def test_bytes_that_every_endpoint_calls_invalid_are(
    network: Network, server: RpcServer, raw: bytes
) -> None:
    prefer(network, server)
    server.tamper = refusing(SEND, "intrinsic gas too low")
    RpcEndpoint.objects.filter(name="anvil").update(url=server.url)
    sent = NetworkClient(network).send_raw(raw)
    assert (sent.answer, sent.unanimously_invalid) == (SendAnswer.INVALID, True)
    assert not NetworkClient(network).send_raw(raw, private_only=True).unanimously_invalid


@pytest.mark.parametrize("weaker", [one for one in SendAnswer if one != SendAnswer.ACCEPTED])
def test_nothing_is_stronger_than_accepted(weaker: SendAnswer) -> None:
    replies = [Reply("a", weaker, ""), Reply("b", SendAnswer.ACCEPTED, "")]
    assert strongest_of(replies).endpoint == "b"
    assert strongest_of(replies[::-1]).endpoint == "b"
