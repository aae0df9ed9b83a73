"""Where others jam or pay twice: drifting counts, late receipts, dropped bytes, stale answers.

Each rule has the defect it keeps out in docs/reliability.md, "What goes wrong elsewhere".
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import (
    Raw,
    RpcServer,
    answering,
    hang_up,
    html,
    refusing,
    serve,
    too_many,
)
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.transactions.adoption import adopt_transaction
from wallets.transactions.operator import resend_transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]
COUNT = "eth_getTransactionCount"
RECEIPT = "eth_getTransactionReceipt"
SEND = "eth_sendRawTransaction"


@pytest.fixture
def node(chain: Chain, network: Network) -> Iterator[RpcServer]:
    """The network's only way to its chain; it may misbehave."""
    with serve(chain.url) as running:
        RpcEndpoint.objects.update(url=running.url)
        yield running


@pytest.fixture
def three(network: Network, wallet: Wallet, other_wallet: Wallet) -> list[Transaction]:
    """Three transfers of 1 ETH with nonces 0 to 2, which a node has taken."""
    rows = [transfer(wallet, network, other_wallet.address, key=f"t:{n}") for n in range(3)]
    for _ in range(2):  # the first goes alone
        tick(rows[0].lane_id)
    return rows


@pytest.fixture
def sent(three: list[Transaction]) -> Transaction:
    """The first of them."""
    three[0].refresh_from_db()
    return three[0]


def honest(node: RpcServer) -> None:
    """The node tells the truth from now on."""
    node.reply, node.tamper = lambda _body: None, lambda _asked, answer: answer


def patience_ends() -> None:
    """What was sent was sent long ago."""
    Attempt.objects.update(last_sent_at=timezone.now() - timedelta(minutes=5))


def rounds(rows: list[Transaction], chain: Chain, count: int = 8) -> list[str]:
    """The rows' outcomes after so many turns, blocks and passes."""
    for _ in range(count):
        tick(rows[0].lane_id)
        chain.mine()
        watch(rows[0].network, NetworkClient(rows[0].network))
    for row in rows:
        row.refresh_from_db()
    return [row.outcome for row in rows]


def test_a_chain_three_below_ours_gets_the_same_bytes_again(
    three: list[Transaction], network: Network, chain: Chain, wallet: Wallet, other_wallet: Wallet
) -> None:
    chain.rpc.call("anvil_dropAllTransactions")
    fourth = transfer(wallet, network, other_wallet.address, key="t:3")
    patience_ends()
    assert rounds([*three, fourth], chain) == ["succeeded"] * 4
    assert [row.nonce for row in [*three, fourth]] == [0, 1, 2, 3]
    assert (Attempt.objects.count(), chain.nonce(wallet.address)) == (4, 4)


def test_a_chain_three_below_ours_whose_bytes_are_gone_gets_fillers(
    three: list[Transaction], network: Network, chain: Chain, wallet: Wallet, other_wallet: Wallet
) -> None:
    chain.rpc.call("anvil_dropAllTransactions")
    # As after a restore from a backup that knows the nonces were given and no more.
    Transaction.objects.update(state="voided")
    fourth = transfer(wallet, network, other_wallet.address, key="t:3")
    assert rounds([fourth], chain) == ["succeeded"]
    fillers = Transaction.objects.filter(action="filler").order_by("nonce")
    assert [filler.nonce for filler in fillers] == [0, 1, 2]
    assert (fourth.nonce, chain.balance(other_wallet.address)) == (3, ETHER)


def test_a_chain_four_above_ours_pauses_the_lane_and_nothing_is_signed(
    three: list[Transaction], network: Network, chain: Chain, wallet: Wallet
) -> None:
    assert rounds(three, chain) == ["succeeded"] * 3
    chain.rpc.call("anvil_setNonce", wallet.address, hex(7))
    fourth = transfer(wallet, network, wallet.address, key="t:3")
    assert rounds([fourth], chain) == [""]
    assert (fourth.state, fourth.nonce, Attempt.objects.count()) == ("queued", None, 3)
    reason = NonceLane.objects.get().pause_reason
    assert "counts 7 transactions, our rows end at 2" in reason


def test_while_nothing_can_be_sent_only_one_nonce_is_taken(
    node: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    node.reply = lambda body: too_many("0")(body) if method_of(body) == SEND else None
    rows = [transfer(wallet, network, other_wallet.address, key=f"t:{n}") for n in range(3)]
    for _ in range(3):
        tick(rows[0].lane_id)
    assert Transaction.objects.exclude(nonce=None).count() == 1
    honest(node)
    assert rounds(rows, chain) == ["succeeded"] * 3


def method_of(body: object) -> str:
    """The method of a single call; empty for a batch."""
    return str(body["method"]) if isinstance(body, dict) else ""


def test_an_empty_receipt_is_no_failure(
    node: RpcServer, three: list[Transaction], chain: Chain, wallet: Wallet
) -> None:
    node.tamper = answering(RECEIPT, None)
    assert rounds(three, chain, 3) == [""] * 3
    assert {row.state for row in three} == {"broadcast"}
    honest(node)
    assert rounds(three, chain) == ["succeeded"] * 3
    assert (Attempt.objects.count(), chain.nonce(wallet.address)) == (3, 3)


def test_a_receipt_later_than_finality_asks_a_person_and_is_taken_when_it_comes(
    node: RpcServer, sent: Transaction, chain: Chain, wallet: Wallet
) -> None:
    node.tamper = answering(RECEIPT, None)
    rounds([sent], chain)
    sent.lane.refresh_from_db()
    assert (sent.state, sent.lane.paused, Attempt.objects.count()) == ("needs_operator", True, 3)
    honest(node)
    assert settled(sent, chain).outcome == "succeeded"
    assert (Attempt.objects.count(), chain.nonce(wallet.address)) == (3, 3)


def test_an_operator_may_adopt_our_own_hash_when_its_receipt_comes(
    node: RpcServer, sent: Transaction, chain: Chain
) -> None:
    node.tamper = answering(RECEIPT, None)
    rounds([sent], chain)
    honest(node)
    adopt_transaction(
        lane=sent.lane,
        tx_hash=sent.attempts.get().hash,
        client=NetworkClient(sent.network),
        actor="test",
        reason="it is in a block",
    )
    assert settled(sent, chain).outcome == "succeeded"
    assert sent.attempts.count() == 1


def test_what_a_node_accepted_and_dropped_is_sent_again_by_itself(
    sent: Transaction, chain: Chain
) -> None:
    chain.rpc.call("anvil_dropAllTransactions")
    tick(sent.lane_id)
    assert sent.attempts.get().times_sent == 1
    patience_ends()
    tick(sent.lane_id)
    assert (sent.attempts.get().times_sent, settled(sent, chain).outcome) == (2, "succeeded")


def test_a_stale_count_gives_no_nonce_twice(
    node: RpcServer, three: list[Transaction], network: Network, chain: Chain, wallet: Wallet
) -> None:
    rounds(three, chain, 1)
    node.tamper = answering(COUNT, "0x0")
    fourth = ticked(transfer(wallet, network, wallet.address, key="t:3"))
    assert (fourth.nonce, fourth.state) == (3, "broadcast")
    assert not Transaction.objects.filter(action="filler").exists()


def test_a_reorganisation_resets_what_nonce_too_low_said(
    sent: Transaction, chain: Chain, wallet: Wallet
) -> None:
    """The bytes are in a block; nodes refuse them again and again; then the block is gone."""
    chain.mine()
    with serve(chain.url) as stale:
        stale.tamper = answering(COUNT, "0x0")
        RpcEndpoint.objects.update(url=stale.url)
        for _ in range(4):
            resend_transaction(transaction_id=sent.pk, actor="test")
            ticked(sent)
    assert sent.attempts.get().last_answer_kind == "nonce_too_low"
    RpcEndpoint.objects.update(url=chain.url)
    chain.rpc.call("anvil_reorg", 1, [])
    assert chain.nonce(wallet.address) == 0
    patience_ends()
    assert rounds([sent], chain) == ["succeeded"]
    assert (sent.state, sent.attempts.count()) == ("final", 1)


def test_a_reorganisation_of_several_sends_the_same_bytes_again(
    three: list[Transaction], chain: Chain, wallet: Wallet
) -> None:
    assert rounds(three, chain, 2) == ["succeeded"] * 3
    chain.rpc.call("anvil_reorg", 2, [])
    patience_ends()
    assert rounds(three, chain) == ["succeeded"] * 3
    assert (Attempt.objects.count(), chain.nonce(wallet.address)) == (3, 3)


def test_without_an_estimate_nothing_is_signed(
    node: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    node.tamper = refusing("eth_estimateGas", "internal error", code=-32603)
    row = ticked(transfer(wallet, network, other_wallet.address))
    assert (row.state, row.hold_reason, Attempt.objects.count()) == ("held", "rpc", 0)


@pytest.mark.parametrize("failure", [hang_up, html, too_many("0")])
def test_bytes_leave_once_for_each_sending_that_is_noted(
    node: RpcServer, network: Network, wallet: Wallet, failure: Callable[[object], Raw]
) -> None:
    """No client below ours tries again by itself."""
    node.reply = lambda body: failure(body) if method_of(body) == SEND else None
    row = ticked(transfer(wallet, network, wallet.address))
    assert (row.state, row.attempts.get().times_sent, node.calls.count(SEND)) == ("signed", 1, 1)
