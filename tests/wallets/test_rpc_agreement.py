"""Questions of finality are asked of two endpoints where there are two."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.chains import Chain
from tests.wallets.rpc_servers import (
    RpcServer,
    add_endpoint,
    answering,
    html,
    prefer,
    refusing,
    serve,
)
from wallets.chain.agreement import agreed
from wallets.chain.client import NetworkClient
from wallets.chain.errors import Disagreement, RpcError, RpcUnavailable
from wallets.models import Network, NonceLane, RpcEndpoint, Wallet
from wallets.transactions.finality import final_count

ADDRESS = "0x" + "ab" * 20
NONCE: tuple[str, list[Any]] = ("eth_getTransactionCount", [ADDRESS, "latest"])
TAG: tuple[str, list[Any]] = ("eth_getBlockByNumber", ["finalized", False])
NUMBER: tuple[str, list[Any]] = ("eth_getBlockByNumber", ["0x5", False])
RECEIPT: tuple[str, list[Any]] = ("eth_getTransactionReceipt", ["0x" + "cd" * 32])


@pytest.fixture
def server(chain: Chain) -> Iterator[RpcServer]:
    with serve(chain.url) as running:
        yield running


def block(number: int, block_hash: str = "0xaa") -> dict[str, str]:
    return {"number": hex(number), "hash": block_hash}


def receipt(**fields: str) -> dict[str, str]:
    facts = {"transactionHash": "0xcd", "blockHash": "0xaa", "blockNumber": "0x5"}
    return {**facts, "status": "0x1", **fields}


@pytest.mark.parametrize(
    ("request_", "first", "second", "expected"),
    [
        (NONCE, "0x5", "0x7", "0x5"),
        (NONCE, "0x10", "0x9", "0x9"),
        (("eth_blockNumber", []), "0x64", "0x63", "0x63"),
        (TAG, block(100), block(90, "0xbb"), block(90, "0xbb")),
        (TAG, None, None, None),
        (NUMBER, {**block(5), "size": "0x1"}, block(5), {**block(5), "size": "0x1"}),
        (RECEIPT, None, None, None),
        (RECEIPT, receipt(l1Fee="0x1"), receipt(blockHash="0xAA"), receipt(l1Fee="0x1")),
        (("eth_getCode", [ADDRESS, "latest"]), "0x60", "0x60", "0x60"),
    ],
)
def test_the_same_is_the_lower_or_the_first(
    request_: tuple[str, list[Any]], first: Any, second: Any, expected: Any
) -> None:
    assert agreed(request_, first, second) == expected


@pytest.mark.parametrize(
    ("request_", "first", "second"),
    [
        (NONCE, "0x5", None),
        (NONCE, "0x5", RpcError(-32000, "no")),
        (TAG, block(100), block(100, "0xbb")),
        (TAG, block(100), None),
        (TAG, block(100), {}),
        (NUMBER, block(5), block(5, "0xbb")),
        (RECEIPT, None, receipt()),
        (RECEIPT, receipt(), receipt(status="0x0")),
        (RECEIPT, receipt(), receipt(blockHash="0xbb")),
        (("eth_getCode", [ADDRESS, "latest"]), "0x60", "0x"),
    ],
)
def test_what_differs_is_unknown(request_: tuple[str, list[Any]], first: Any, second: Any) -> None:
    assert isinstance(agreed(request_, first, second), Disagreement)
    assert isinstance(agreed(request_, second, first), Disagreement)


@pytest.mark.django_db
def test_a_stale_nonce_from_behind_a_load_balancer_is_the_lower(
    network: Network, server: RpcServer, chain: Chain
) -> None:
    chain.rpc.call("anvil_setNonce", ADDRESS, "0x7")
    prefer(network, server)
    server.tamper = answering("eth_getTransactionCount", "0x5")
    assert NetworkClient(network).agree([NONCE]) == ["0x5"]
    RpcEndpoint.objects.filter(name="bad").update(weight=1)
    assert NetworkClient(network).agree([NONCE]) == ["0x5"]


@pytest.mark.django_db
def test_a_disagreement_spoils_only_its_own_question(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    server.tamper = answering("eth_getCode", "0x1234")
    questions = [("eth_getCode", [ADDRESS, "latest"]), NONCE]
    code, nonce = NetworkClient(network).agree(questions)
    assert isinstance(code, Disagreement)
    assert (str(code)[:50], nonce) == ("two endpoints answer eth_getCode differently; it i", "0x0")


@pytest.mark.django_db
def test_where_there_is_one_endpoint_its_word_stands(network: Network) -> None:
    assert NetworkClient(network).agree([NONCE]) == ["0x0"]


@pytest.mark.django_db
def test_one_of_two_is_not_enough(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    server.reply = html
    with pytest.raises(RpcUnavailable, match="only one of two endpoints answered; bad answered"):
        NetworkClient(network).agree([NONCE])


@pytest.mark.django_db
def test_an_endpoint_known_to_fail_does_not_stop_finality(
    network: Network, server: RpcServer
) -> None:
    prefer(network, server)
    server.reply = html
    for _ in range(3):
        with pytest.raises(RpcUnavailable):
            NetworkClient(network).agree([NONCE])
    assert NetworkClient(network).agree([NONCE]) == ["0x0"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["bad", "anvil"])
def test_strictly_one_answer_is_none_while_the_other_is_left_alone(
    network: Network, server: RpcServer, name: str
) -> None:
    prefer(network, server)
    until = timezone.now() + timedelta(minutes=1)
    RpcEndpoint.objects.filter(name=name).update(
        consecutive_errors=3, open_until=until, last_error="it was down"
    )
    with pytest.raises(RpcUnavailable, match=r"waits for the second .* it was down"):
        NetworkClient(network).agree([NONCE], strict=True)
    assert server.calls == []
    assert NetworkClient(network).agree([NONCE]) == ["0x0"]


@pytest.mark.django_db
def test_strictly_an_endpoint_that_is_behind_is_asked_all_the_same(
    network: Network, server: RpcServer, chain: Chain
) -> None:
    now = timezone.now()
    RpcEndpoint.objects.update(head_block=500, head_block_at=now)
    prefer(network, server, head_block=100, head_block_at=now)
    chain.rpc.call("anvil_setNonce", ADDRESS, "0x7")
    server.tamper = answering("eth_getTransactionCount", "0x5")
    assert NetworkClient(network).agree([NONCE], strict=True) == ["0x5"]


@pytest.mark.django_db
def test_strictly_the_second_is_tried_again_when_its_pause_is_over(
    network: Network, server: RpcServer
) -> None:
    prefer(network, server, consecutive_errors=3, open_until=timezone.now())
    assert NetworkClient(network).agree([NONCE], strict=True) == ["0x0"]
    assert "eth_getTransactionCount" in server.calls


@pytest.mark.django_db
def test_strictly_one_enabled_endpoint_decides_alone(network: Network, server: RpcServer) -> None:
    prefer(network, server, enabled=False)
    add_endpoint(network, "sends", server.url, can_read=False)
    assert NetworkClient(network).agree([NONCE], strict=True) == ["0x0"]
    assert server.calls == []


@pytest.mark.django_db
def test_what_is_final_is_never_told_by_one_of_two(
    network: Network, server: RpcServer, chain: Chain, wallet: Wallet
) -> None:
    lane = NonceLane.objects.create(wallet=wallet, network=network)
    chain.rpc.call("anvil_setNonce", wallet.address, "0x7")
    chain.mine(9)
    prefer(network, server)

    def count() -> int:
        return final_count(lane, head=chain.head(), client=NetworkClient(network))

    assert count() == 7
    until = timezone.now() + timedelta(minutes=1)
    RpcEndpoint.objects.filter(name="bad").update(consecutive_errors=3, open_until=until)
    assert count() == 0


@pytest.mark.django_db
def test_an_endpoint_clearly_behind_does_not_count(network: Network, server: RpcServer) -> None:
    now = timezone.now()
    RpcEndpoint.objects.update(head_block=500, head_block_at=now - timedelta(seconds=1))
    prefer(network, server, head_block=100, head_block_at=now)
    server.tamper = refusing("eth_getTransactionCount", "not asked")
    assert NetworkClient(network).agree([NONCE]) == ["0x0"]
    assert server.calls == []


@pytest.mark.django_db
def test_no_question_is_no_request_at_all(network: Network, server: RpcServer) -> None:
    prefer(network, server)
    assert NetworkClient(network).agree([]) == []
    assert server.bodies == []
