"""Chainlink's seven scenarios of resuming after a crash, told again for this pipeline."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.chains import ETHER, Chain
from tests.wallets.crashing import dies_at, time_passes
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import RpcServer, answering, refusing, serve
from wallets.models import Network, RpcEndpoint, Transaction, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.transactions.points import Point
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]
SEND = "eth_sendRawTransaction"
COUNT = "eth_getTransactionCount"


@pytest.fixture
def node(chain: Chain, network: Network) -> Iterator[RpcServer]:
    """The network's only way to its chain."""
    with serve(chain.url) as running:
        RpcEndpoint.objects.update(url=running.url)
        yield running


@pytest.fixture
def intent(
    node: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet, keystores: Path
) -> Transaction:
    """1 ETH from the first to the second wallet, queued."""
    return transfer(wallet, network, other_wallet.address)


def crash(row: Transaction, point: Point) -> Transaction:
    """The row after a worker died with it there, and its lease ran out."""
    assert dies_at(point, "original", lambda: tick(row.lane_id))
    time_passes(row.network)
    row.refresh_from_db()
    return row


def stored(row: Transaction) -> bytes:
    """The bytes of its one attempt."""
    return bytes(row.attempts.get().raw)


def test_the_database_keeps_a_second_from_the_place_of_one_that_is_unsent(
    intent: Transaction, wallet: Wallet, network: Network
) -> None:
    second = transfer(wallet, network, wallet.address, key="t:2")
    crash(intent, Point.STORED)
    with pytest.raises(IntegrityError, match=r"transaction_unsent_place_once|UNIQUE"):
        Transaction.objects.filter(pk=second.pk).update(state="signed", nonce=1)


def test_a_nonce_taken_and_never_sent_is_sent_with_the_stored_bytes(
    intent: Transaction, chain: Chain
) -> None:
    crash(intent, Point.STORED)
    bytes_before = stored(intent)
    assert (intent.state, intent.attempts.get().times_sent) == ("signed", 0)
    assert (ticked(intent).state, intent.nonce, stored(intent)) == ("broadcast", 0, bytes_before)
    assert settled(intent, chain).outcome == "succeeded"


def test_a_cancel_of_what_is_over_leaves_though_the_worker_that_stored_it_died(
    intent: Transaction, chain: Chain
) -> None:
    crash(intent, Point.STORED)
    Transaction.objects.filter(pk=intent.pk).update(valid_until=timezone.now())
    assert dies_at(Point.STORED, "cancel", lambda: tick(intent.lane_id))
    time_passes(intent.network)
    ticked(intent)
    assert intent.attempts.get(kind="cancel").times_sent == 1
    assert settled(intent, chain).outcome == "replaced"


def test_above_one_that_a_stop_keeps_from_leaving_nothing_leaves(
    intent: Transaction, wallet: Wallet, other_wallet: Wallet
) -> None:
    ticked(intent)  # alone
    to, network = other_wallet.address, intent.network
    rows = [transfer(wallet, network, to, key=f"t:{n}") for n in (2, 3, 4)]
    assert dies_at(Point.STORED, "original", lambda: tick(intent.lane_id), passes=2)
    Transaction.objects.filter(pk=rows[1].pk).update(protocol="other")
    engage_stop(reason="wait", actor="x", scope_kind="protocol", scope_value="other")
    time_passes(network)
    assert [ticked(row).state for row in rows] == ["broadcast", "signed", "signed"]
    lift_stop(reason="go on", actor="x", scope_kind="protocol", scope_value="other")
    assert [ticked(row).state for row in rows] == ["broadcast"] * 3


def test_bytes_that_nodes_call_invalid_free_their_nonce_by_a_cancel(
    intent: Transaction, node: RpcServer, chain: Chain, other_wallet: Wallet
) -> None:
    crash(intent, Point.STORED)
    node.tamper = refusing(SEND, "intrinsic gas too low")
    for _ in range(3):
        assert ticked(intent).state == "signed"
    assert intent.attempts.get().state == "rejected"
    node.tamper = lambda _asked, answer: answer
    ticked(intent)
    assert (settled(intent, chain).outcome, chain.balance(other_wallet.address)) == ("replaced", 0)
    assert [one.kind for one in intent.attempts.order_by("pk")] == ["original", "cancel"]


def test_a_limit_of_one_node_frees_no_nonce(
    intent: Transaction, node: RpcServer, chain: Chain
) -> None:
    crash(intent, Point.STORED)
    bytes_before = stored(intent)
    node.tamper = refusing(SEND, "exceeds block gas limit")
    for _ in range(4):
        assert ticked(intent).state == "signed"
    node.tamper = lambda _asked, answer: answer
    assert (ticked(intent).state, stored(intent)) == ("broadcast", bytes_before)
    assert settled(intent, chain).outcome == "succeeded"


def test_what_is_in_the_pool_already_is_known_and_not_made_anew(
    intent: Transaction, node: RpcServer, chain: Chain
) -> None:
    crash(intent, Point.SENT)
    assert intent.state == "signed"
    assert ticked(intent).state == "broadcast"
    assert intent.attempts.get().last_answer_kind == "known"
    assert settled(intent, chain).outcome == "succeeded"


def test_what_is_mined_already_is_found_though_nodes_say_nonce_too_low(
    intent: Transaction, node: RpcServer, chain: Chain, wallet: Wallet
) -> None:
    crash(intent, Point.SENT)
    chain.mine()
    # The count comes from a node behind the others, so the bytes are offered once more.
    node.tamper = answering(COUNT, "0x0")
    assert ticked(intent).attempts.get().last_answer_kind == "nonce_too_low"
    node.tamper = lambda _asked, answer: answer
    assert (settled(intent, chain).outcome, intent.attempts.count()) == ("succeeded", 1)
    assert chain.nonce(wallet.address) == 1


def test_while_the_node_is_down_the_nonce_is_kept(
    intent: Transaction, chain: Chain, node: RpcServer
) -> None:
    crash(intent, Point.STORED)
    bytes_before, nonce = stored(intent), intent.nonce
    RpcEndpoint.objects.update(url="http://127.0.0.1:9")
    assert (ticked(intent).state, intent.nonce) == ("signed", nonce)
    RpcEndpoint.objects.update(url=node.url, open_until=None, consecutive_errors=0)
    time_passes(intent.network)
    assert (ticked(intent).state, stored(intent)) == ("broadcast", bytes_before)
    assert settled(intent, chain).outcome == "succeeded"


def test_another_market_after_the_crash_changes_no_byte(intent: Transaction, chain: Chain) -> None:
    crash(intent, Point.SENT)
    bytes_before = stored(intent)
    chain.rpc.call("anvil_dropAllTransactions")
    chain.rpc.call("anvil_setNextBlockBaseFeePerGas", "0x7")
    chain.mine()
    assert (ticked(intent).state, stored(intent)) == ("broadcast", bytes_before)
    assert settled(intent, chain).outcome == "succeeded"


def test_a_crash_before_the_commit_leaves_the_intent_as_it_was(
    intent: Transaction, chain: Chain, other_wallet: Wallet
) -> None:
    crash(intent, Point.ATTEMPT_WRITTEN)
    assert (intent.state, intent.nonce, intent.attempts.count()) == ("queued", None, 0)
    ticked(intent)
    assert settled(intent, chain).outcome == "succeeded"
    assert chain.balance(other_wallet.address) == ETHER
