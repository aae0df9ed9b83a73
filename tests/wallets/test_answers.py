"""What endpoints said of sent bytes is kept: all that is new, and not every repetition."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.chains import Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.rpc_servers import RpcServer, prefer, refusing, serve
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, EndpointAnswer, Network, Transaction, Wallet
from wallets.transactions.answers import MOST_KEPT
from wallets.transactions.broadcast import send_attempt

pytestmark = [pytest.mark.django_db, pytest.mark.db]
SEND = "eth_sendRawTransaction"


@pytest.fixture
def server(chain: Chain) -> Iterator[RpcServer]:
    with serve(chain.url) as running:
        # Both are told at once: the other one is to be the first that tells the chain.
        running.withheld = SEND
        yield running


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet, server: RpcServer) -> Transaction:
    """1 ETH that was given to two endpoints."""
    server.tamper = refusing(SEND, "the first answer")
    prefer(network, server)
    return ticked(transfer(wallet, network, other_wallet.address))


def again(row: Transaction) -> list[str]:
    """Send the bytes once more; the queries that took."""
    attempt = row.attempts.select_related("transaction").get()
    with CaptureQueriesContext(connection) as queries:
        send_attempt(attempt, NetworkClient(row.network))
    return [query["sql"] for query in queries]


def told(endpoint: str) -> list[tuple[int, str, str]]:
    """What is kept of the endpoint: at which sending, what it means, its words."""
    kept = EndpointAnswer.objects.filter(endpoint=endpoint).order_by("id")
    return list(kept.values_list("sending", "answer", "text"))


def test_every_endpoints_first_answer_is_kept_apart(sent: Transaction) -> None:
    assert told("anvil") == [(1, "accepted", "anvil: accepted")]
    ((sending, answer, text),) = told("bad")
    assert (sending, answer) == (1, "ambiguous")
    assert text.startswith("bad: the first answer")


def test_only_what_differs_from_before_is_kept(sent: Transaction, server: RpcServer) -> None:
    again(sent)
    server.tamper = refusing(SEND, "nonce too low")
    for _ in range(3):
        again(sent)
    assert [(sending, answer) for sending, answer, _ in told("anvil")] == [
        (1, "accepted"),
        (2, "known"),
    ]
    assert [(sending, answer) for sending, answer, _ in told("bad")] == [
        (1, "ambiguous"),
        (3, "nonce_too_low"),
    ]
    assert sent.attempts.get().times_sent == 5


def test_words_that_differ_in_a_number_only_are_not_new(
    sent: Transaction, server: RpcServer
) -> None:
    for base_fee in range(3):
        server.tamper = refusing(SEND, f"not at base fee {base_fee}")
        again(sent)
    assert [text for _, _, text in told("bad")][1:] == ["bad: not at base fee 0 (code -32000)"]


def test_an_endpoint_that_changes_its_mind_for_ever_is_kept_for_so_long(
    sent: Transaction, server: RpcServer
) -> None:
    for number in range(MOST_KEPT + 4):
        server.tamper = refusing(SEND, "nonce too low" if number % 2 else "nonce too high")
        again(sent)
    assert len(told("bad")) == MOST_KEPT


def test_it_costs_one_query_when_there_is_news_and_none_when_not(
    sent: Transaction, server: RpcServer
) -> None:
    again(sent)
    repeated = again(sent)
    server.tamper = refusing(SEND, "nonce too low")
    news = again(sent)
    assert len(news) == len(repeated) + 1
    assert sum("endpointanswer" in query for query in news) == 1


def test_answers_are_append_only(sent: Transaction) -> None:
    row = EndpointAnswer.objects.earliest("id")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        EndpointAnswer.objects.filter(pk=row.pk).update(text="something else")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.delete()


def test_words_that_no_database_keeps_do_not_stop_the_sending(
    sent: Transaction, server: RpcServer
) -> None:
    server.tamper = refusing(SEND, "nonce too low\x00\x1b[31m, says a broken node")
    again(sent)
    assert told("bad")[-1][2].startswith("bad: nonce too low  [31m, says a broken node")


def test_that_there_was_nobody_to_ask_is_kept_too(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    network.endpoints.update(can_send=False)
    row = ticked(transfer(wallet, network, other_wallet.address))
    assert Attempt.objects.get(transaction=row).times_sent == 1
    assert told("") == [(1, "not_sent", "Devnet L1 has no send endpoint; add one")]
